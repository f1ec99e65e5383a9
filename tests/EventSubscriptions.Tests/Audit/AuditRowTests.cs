using EventSubscriptions.Audit;
using EventSubscriptions.Subscriptions;

namespace EventSubscriptions.Tests.Audit;

public sealed class AuditRowTests
{
    private const int MaxProperty = 32 * 1024;

    private static readonly TestClock s_clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("😀")]
    [InlineData("漢")]
    [InlineData("\"")]
    [InlineData("x")]
    public void Change_of_the_longest_texts_fits_its_row(string letter)
    {
        var before = Longest(letter, "before");
        var after = Longest(letter, "after");

        foreach (
            var entry in SubscriptionAudit
                .Changed(before, after, Given.Actor("somebody"))
                .Append(SubscriptionAudit.Created(before, Given.Actor("somebody")))
        )
        {
            var row = AuditRow.Make(entry, s_clock);

            Assert.All(row.Select(property => property.Value).OfType<string>(), text => Assert.InRange(text.Length, 0, MaxProperty));
            var changes = AuditRow.Read(row).Changes!.Value;
            Assert.Equal(entry.Changes!.Keys, changes.EnumerateObject().Select(member => member.Name));
            Assert.Contains(letter, changes.GetProperty("description").GetProperty("to").GetString(), StringComparison.Ordinal);
            Assert.DoesNotContain("\ufffd", changes.GetRawText(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Change_of_short_texts_is_kept_whole()
    {
        var before = Given.Subscription(Given.Organization(), s_clock) with { Description = new string('b', 1024) };
        var after = before with { Description = new string('a', 1024) };

        var changes = AuditRow
            .Read(AuditRow.Make(Assert.Single(SubscriptionAudit.Changed(before, after, Given.Actor("somebody"))), s_clock))
            .Changes!.Value;

        Assert.Equal(
            (before.Description, after.Description),
            (
                changes.GetProperty("description").GetProperty("from").GetString(),
                changes.GetProperty("description").GetProperty("to").GetString()
            )
        );
    }

    [Fact]
    public void Text_is_not_cut_in_the_middle_of_a_character()
    {
        var entry = new AuditEntry
        {
            Type = AuditType.RelayFailed,
            Timestamp = s_clock.GetUtcNow(),
            ResponseSnippet = "x" + string.Concat(Enumerable.Repeat("😀", 10_000)),
        };

        var snippet = AuditRow.Read(AuditRow.Make(entry, s_clock)).ResponseSnippet!;

        Assert.EndsWith("😀…", snippet, StringComparison.Ordinal);
    }

    private static Subscription Longest(string letter, string which)
    {
        string Repeat(int count) => string.Concat(Enumerable.Repeat(letter, count));
        return Given.Subscription(Given.Organization(), s_clock) with
        {
            Name = which + Repeat(128 - which.Length),
            Description = which + Repeat(1024 - which.Length),
            Url = new Uri($"https://{which}.example/{Uri.EscapeDataString(Repeat(2000))}?{Uri.EscapeDataString(Repeat(10))}=1"),
            Events = [.. Enumerable.Range(0, 64).Select(i => $"{which}{i}{new string('e', 118)}")],
        };
    }
}
