using System.Diagnostics;
using System.Text;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Subscriptions.Formats.Templates;

namespace EventSubscriptions.Tests.Subscriptions.Formats;

/// <summary>Templates and payloads that mean harm: they end as failures, soon, in little memory, and with the process alive.</summary>
public sealed class HostileTemplateTests
{
    private const string TooMuchText = "it makes more than 1048576 characters of text";
    private const string TooLongArgument = "an argument is longer than 1000 characters";
    private const string TooManyItems = "it uses more than 10000 items of arrays";
    private const string TooManySteps = "it takes more than 10000 steps";
    private const string TooMuchOutput = "its output is longer than 256 KiB";

    /// <summary>Half of what a thread of the pool has.</summary>
    private const int SmallStack = 768 * 1024;

    private static readonly string s_letters = "{% assign a = \"" + new string('x', 1024) + "\" %}";

    public static TheoryData<string, string> Templates =>
        new()
        {
            { s_letters + Repeat("{% assign a = a | append: a %}", 24), TooMuchText },
            { s_letters + Repeat("{% assign a = a | prepend: a %}", 24), TooMuchText },
            { s_letters + Repeat("{% assign a = a | replace: \"x\", a %}", 3), TooMuchText },
            {
                "{% assign a = \"x\" %}"
                    + Repeat("{% assign a = a | split: \"\" | concat: b | join: a %}{% assign b = a | split: \"\" %}", 20),
                ""
            },
            { s_letters + "{% for i in (1..9999) %}{% assign a = a | append: \"yyyyyyyy\" %}{% endfor %}", TooMuchText },
            { "{% for i in (1..20000000) %}{% endfor %}", TooManyItems },
            { "{% for i in (1..99999999999999) %}{% endfor %}", TooManyItems },
            { "{% for i in (1..5000) %}{% for j in (1..5000) %}{% endfor %}{% endfor %}", TooManyItems },
            { s_letters + Repeat("{% assign a = a | append: a %}", 5) + "{% assign b = a | split: \"x\" %}", TooManyItems },
            { "{% for i in data.many %}{% endfor %}", TooManyItems },
            { "{% for i in data.some %}{% for j in (1..3) %}{% assign x = j %}{% endfor %}{% endfor %}", TooManySteps },
            { "{% for i in (1..9000) %}{{ data.long }}{% endfor %}", TooMuchOutput },
            { "{% for i in (1..9000) %}" + new string('z', 8000) + "{% endfor %}", TooMuchOutput },
            {
                "{% for i in (1..5000) %}{% if data.members.x" + Repeat(" or data.members.x", 200) + " %}{% endif %}{% endfor %}",
                "it looks names up among more than 4000000 members of objects"
            },
            { "{{ timestamp | time_zone: \"../../../dev/zero\" | date: \"%H\" }}", "a time zone must be a name such as Europe/Istanbul" },
            { "{{ timestamp | time_zone: \"/etc/hostname\" | date: \"%H\" }}", "a time zone must be a name such as Europe/Istanbul" },
            { "{{ timestamp | date: \"%99999999N\" }}", "the format of a date is too long" },
            { "{{ timestamp | date: \"%9^9-9_9:9^9^9^9^9n\" }}", "the format of a date is too long" },
            { "{{ timestamp | date: \"%٩٩٩٩٩n\" }}", "the format of a date is too long" },
            { "{{ data.some | sort: \"x\" | map: \"y\" | uniq }}{{ data.some | uniq | uniq | uniq }}", TooManyItems },
            { "{% for i in data.some %}{% if data.many contains 1 %}{% endif %}{% endfor %}", TooManyItems },
            { "{% assign l = data.long %}{% for i in (1..4000) %}{% if l contains \"xxxxxxxxxxxxxy\" %}{% endif %}{% endfor %}", "" },
            {
                "{% for i in (1..3000) %}{% if data.long == data.long %}{{ data.long | size }}{% endif %}{% endfor %}",
                "it reads more than 16777216 characters of the event"
            },
            {
                s_letters
                    + "{% assign n = a | append: \"y\" | append: a %}"
                    + Repeat("{% assign a = a | append: a %}", 8)
                    + "{% if a contains n %}{% endif %}",
                TooLongArgument
            },
            {
                s_letters
                    + "{% assign n = a | append: \"y\" | append: a %}"
                    + Repeat("{% assign a = a | append: a %}", 8)
                    + "{{ a | remove: n }}",
                TooLongArgument
            },
            {
                s_letters
                    + "{% assign n = a | append: \"y\" | append: a %}"
                    + Repeat("{% assign a = a | append: a %}", 8)
                    + "{{ a | replace: n, 1 }}",
                TooLongArgument
            },
            {
                s_letters
                    + "{% assign n = a | append: \"y\" | append: a %}"
                    + Repeat("{% assign a = a | append: a %}", 8)
                    + "{{ a | split: n }}",
                TooLongArgument
            },
        };

    public static TheoryData<string> DeepTemplates =>
        [
            Repeat("{%if data%}", 64) + Repeat("{%endif%}", 64),
            Repeat("{%for a in data%}", 64) + Repeat("{%endfor%}", 64),
            Repeat("{%case data%}{%when 1%}", 42) + Repeat("{%endcase%}", 42),
            "{{data" + Repeat("|size", 256) + "}}",
            "{{data" + Repeat("[data", 64) + Repeat("]", 64) + "}}",
            "{%if " + Repeat("data or ", 256) + "data%}{%endif%}",
            "{%if " + Repeat("data and ", 256) + "data%}{%endif%}",
            "{{data" + Repeat(".x", 8000) + "}}",
            Repeat("{%if data%}", 60)
                + "{{data"
                + Repeat("[data", 60)
                + Repeat("]", 60)
                + Repeat("|size", 250)
                + "}}"
                + Repeat("{%endif%}", 60),
        ];

    public static TheoryData<string> TooDeepTemplates =>
        [
            Repeat("{%if data%}", 700),
            Repeat("{%if data%}{%comment%}{%endif%}{%endcomment%}", 300),
            Repeat("{%for a in data%}", 800) + Repeat("{%endfor%}", 100),
            "{{data" + Repeat("|abs", 4000) + "}}",
            "{{" + Repeat("data[", 3000) + "1" + Repeat("]", 200) + "}}",
            "{%if 1" + Repeat("\nor\n1", 1000) + "%}{%endif%}",
            "{{" + Repeat("(", 8000),
            "{%if " + Repeat("b or ", 3000) + "b%}{%endif%}",
        ];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Template_is_bounded(string template, string expected)
    {
        var error = LiquidTemplate.Check(template);
        if (error is not null)
        {
            Assert.Contains("is not a variable", error, StringComparison.Ordinal);
            return;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var failure = Record.Exception(() => Render(template));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.True(allocated < 2_000_000_000, $"{allocated:N0} bytes were allocated.");
        if (expected.Length > 0)
        {
            Assert.Equal(expected, Assert.IsType<TemplateException>(failure).Message);
        }
    }

    [Fact]
    public void Template_that_takes_longer_than_5_seconds_fails()
    {
        var clock = new TestClock();
        var content = Content();

        var failure = Assert.Throws<TemplateException>(() =>
            new LiquidTemplate("{{ data.first.second }}{{ data.first.second }}").Render(
                content,
                TemplateSecrets.None,
                TemplateContentType.Json,
                new SlowClock(clock)
            )
        );

        Assert.Equal("it takes longer than 5 s", failure.Message);
    }

    [Theory]
    [MemberData(nameof(DeepTemplates))]
    public void Deep_template_needs_little_stack(string template)
    {
        OnSmallStack(() =>
        {
            if (LiquidTemplate.Check(template) is null)
            {
                Record.Exception(() => Render(template));
            }
        });
    }

    [Theory]
    [MemberData(nameof(TooDeepTemplates))]
    public void Template_that_is_too_deep_is_refused(string template)
    {
        OnSmallStack(() => Assert.StartsWith("must have at most", LiquidTemplate.Check(template), StringComparison.Ordinal));
    }

    private static void OnSmallStack(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action), SmallStack);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    private static void Render(string template) =>
        new LiquidTemplate(template).Render(Content(), TemplateSecrets.None, TemplateContentType.TryParse("text/plain")!, new TestClock());

    private static EventContent Content()
    {
        var many = string.Join(',', Enumerable.Repeat("1", 20_000));
        var members = string.Join(',', Enumerable.Range(0, 3_000).Select(i => $"\"m{i}\":0"));
        var some = string.Join(',', Enumerable.Repeat("{\"x\":1}", 4_000));
        return Given.EventContent(
            "{\"eventName\":\"CaseCreatedEvent\",\"organizationId\":1,\"data\":"
                + $"{{\"long\":\"{new string('x', 100_000)}\",\"many\":[{many}],\"some\":[{some}],\"members\":{{{members}}},\"first\":{{\"second\":\"x\"}}}}}}"
        );
    }

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    /// <summary>Each look at it takes 2 s.</summary>
    private sealed class SlowClock(TestClock clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp()
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            return clock.GetTimestamp();
        }
    }
}
