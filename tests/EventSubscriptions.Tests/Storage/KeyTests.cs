using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Storage;

public sealed class KeyTests
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 31, 10, 0, 0, TimeSpan.FromHours(2));

    [Fact]
    public void Inverted_ticks_sort_newest_first()
    {
        Assert.Equal(19, InvertedTicks.Format(s_time).Length);
        Assert.True(string.CompareOrdinal(InvertedTicks.Format(s_time.AddTicks(1)), InvertedTicks.Format(s_time)) < 0);
        Assert.Equal(19, InvertedTicks.Format(DateTimeOffset.MinValue).Length);
        Assert.Equal(new string('0', 19), InvertedTicks.Format(DateTimeOffset.MaxValue));
    }

    [Fact]
    public void Inverted_ticks_are_parsed_from_the_start_of_a_key()
    {
        Assert.True(InvertedTicks.TryParse($"{InvertedTicks.Format(s_time)}:x", out var time));
        Assert.Equal(s_time, time);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("123")]
    [InlineData("9999999999999999999")]
    [InlineData("-000000000000000001")]
    public void Inverted_ticks_are_not_parsed_from_anything_else(string? key) => Assert.False(InvertedTicks.TryParse(key, out _));

    [Fact]
    public void Key_range_includes_its_start_and_excludes_its_end()
    {
        var from = s_time;
        var to = s_time.AddTicks(10);
        var (atLeast, below) = InvertedTicks.KeyRange(from, to);

        bool IsIn(DateTimeOffset time) =>
            string.CompareOrdinal($"{InvertedTicks.Format(time)}:x", atLeast) >= 0
            && string.CompareOrdinal($"{InvertedTicks.Format(time)}:x", below) < 0;
        Assert.True(IsIn(from));
        Assert.True(IsIn(to.AddTicks(-1)));
        Assert.False(IsIn(from.AddTicks(-1)));
        Assert.False(IsIn(to));
        Assert.Equal((null, null), InvertedTicks.KeyRange(null, null));
    }

    [Fact]
    public void Ids_sort_by_creation_time()
    {
        var clock = new TestClock(s_time);
        var ids = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            ids.Add(Base32Id.New("sub_", clock));
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.All(ids, id => Assert.True(Base32Id.IsValid("sub_", id)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("01234567890123456789abcdeZ")]
    [InlineData("01234567890123456789abcde")]
    [InlineData("01234567890123456789abcdwx")]
    public void Id_is_not_valid_when_length_or_letters_differ(string text) => Assert.False(Base32Id.IsValid("", text));
}
