using System.Text;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Subscriptions.Formats.Templates;

namespace EventSubscriptions.Tests.Subscriptions.Formats;

public sealed class LiquidTemplateTests
{
    private const string Data = """
        {"name":"O\"Brien <x>","count":3,"price":1.50,"huge":1e400,"ok":true,"none":null,"tags":["a","b\"c"],"nested":{"x":{"y":7}},"when":"2026-02-03T04:05:06Z","mixed":[{"x":1},{"x":"a"},{"x":true}]}
        """;

    [Theory]
    [InlineData("{{ eventName }} {{ organizationId }} {{ eventId }} {{ timestamp }}", "CaseCreatedEvent 1 evt_1 2026-01-31T08:30:00.123Z")]
    [InlineData("{{ data.count | plus: 2 }} {{ data.price }} {{ data.huge }} {{ data.ok }}", "5 1.5 1e400 true")]
    [InlineData("{{ data.nested.x.y }} {{ data[\"nested\"][\"x\"].y }} {{ data.nested.size }}", "7 7 1")]
    [InlineData("{{ data.missing }}|{{ data.missing.deeper }}|{{ data.none }}|{{ data.count.x }}", "|||")]
    [InlineData("{{ data.missing | default: \"nothing\" }}", "nothing")]
    [InlineData("{% if data.tags contains \"a\" %}yes{% else %}no{% endif %}{% if data contains \"name\" %}!{% endif %}", "yes!")]
    [InlineData("{% for tag in data.tags %}{{ forloop.index }}{{ tag | size }} {% endfor %}", "11 23 ")]
    [InlineData("{% for i in (1..3) %}{{ i }}{% endfor %}{% for i in (3..1) %}{{ i }}{% endfor %}", "123")]
    [InlineData(
        "{% for t in data.tags reversed %}{{ t | size }}{% endfor %}{% assign l = data.tags %}{% for t in l reversed %}{% endfor %}{{ l | first }}",
        "31a"
    )]
    [InlineData("{% for member in data.nested %}{{ member[0] }}={{ member[1].y }}{% endfor %}", "x=7")]
    [InlineData("{{ data.tags[0] }}{{ data.tags[-1] | size }}{{ data.tags.first }}{{ data.tags[9] }}", "a3a")]
    [InlineData("{{ \"a,b,,c,,\" | split: \",\" | join: \"-\" }}", "a-b--c")]
    [InlineData("{{ \"b,a,b\" | split: \",\" | uniq | sort | join: \",\" }}", "a,b")]
    [InlineData("{{ \"abc\" | split: \"\" | reverse | join: \"\" }}", "cba")]
    [InlineData("{{ data.when | date: \"%Y/%m/%d %s\" }}", "2026/02/03 1770091506")]
    [InlineData("{{ timestamp | date: \"%s.%L\" }}", "1769848200.123")]
    [InlineData("{{ timestamp | date: \"%-d.%-m. in 2026, %3N\" }}", "31.1. in 2026, 123")]
    [InlineData("{{ data.when | time_zone: \"Europe/Istanbul\" | date: \"%H:%M\" }}", "07:05")]
    [InlineData("{% assign x = data.count | times: 2 %}{% unless x == 6 %}no{% endunless %}{{ x }}", "6")]
    [InlineData("{% case data.count %}{% when 1, 3 %}few{% else %}many{% endcase %}", "few")]
    [InlineData("{% raw %}{{ x }}{% endraw %}{% comment %}hidden{% endcomment %}", "{{ x }}")]
    [InlineData("{{ secrets.key }} {{ secrets.other }}|{{ secrets }}", "s3cret |")]
    [InlineData("{{ \"aXbX\" | replace: \"X\", \"--\" | append: \"!\" | prepend: \"?\" | upcase }}", "?A--B--!")]
    public void Template_renders(string template, string expected)
    {
        Assert.Equal(expected, Render(template, "text/plain"));
    }

    [Theory]
    [InlineData("""{"a":"{{ data.name }}"}""", """{"a":"O\"Brien <x>"}""")]
    [InlineData("""{"a":{{ data.name | json }}}""", """{"a":"O\"Brien <x>"}""")]
    [InlineData("""{"a":"{{ data.tags }}"}""", """{"a":"[\"a\",\"b\\\"c\"]"}""")]
    [InlineData("""{"a":{{ data.tags | json }}}""", """{"a":["a","b\"c"]}""")]
    [InlineData("""{"a":"{{ data.nested }}"}""", """{"a":"{\"x\":{\"y\":7}}"}""")]
    [InlineData(
        """{"a":{{ data.missing | json }},"b":{{ data.ok | json }},"c":{{ data.price | json }}}""",
        """{"a":null,"b":true,"c":1.50}"""
    )]
    [InlineData("""["{{ data.tags | join: "\"" }}"]""", """["a\"b\"c"]""")]
    [InlineData("""["{{ data.name | escape }}"]""", """["O&quot;Brien &lt;x&gt;"]""")]
    [InlineData("""["{{ data.name | json | append: "" }}"]""", """["\"O\\\"Brien <x>\""]""")]
    public void Values_can_not_break_the_JSON_that_they_are_in(string template, string expected)
    {
        Assert.Equal(expected, Render(template, "application/json"));
    }

    [Theory]
    [InlineData("application/xml", "O&quot;Brien &lt;x&gt;")]
    [InlineData("application/x-www-form-urlencoded", "O%22Brien%20%3Cx%3E")]
    [InlineData("text/plain; charset=utf-8", "O\"Brien <x>")]
    [InlineData("application/x-ndjson", "O\\\"Brien <x>")]
    [InlineData("application/jsonl", "O\\\"Brien <x>")]
    public void Values_are_encoded_for_the_content_type(string contentType, string expected)
    {
        Assert.Equal(expected, Render("{{ data.name }}", contentType));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "payload=%22O%5C%22Brien%20%3Cx%3E%22")]
    [InlineData("application/xml", "payload=&quot;O\\&quot;Brien &lt;x&gt;&quot;")]
    [InlineData("text/plain", "payload=\"O\\\"Brien <x>\"")]
    public void JSON_is_encoded_where_it_is_not_expected(string contentType, string expected)
    {
        Assert.Equal(expected, Render("payload={{ data.name | json }}", contentType));
    }

    [Theory]
    [InlineData("{{ data.name", "(line 1, column ")]
    [InlineData("a\nb {% if x %}", "(line 2, column ")]
    [InlineData("ok\n  {{ data.name | zzzzz }}", "(line 2, column 18)")]
    [InlineData("{{ data.name | upcas }}", "did you mean 'upcase'?")]
    [InlineData("x {{ dta.name }}", "'dta' is not a variable; did you mean 'data'? (line 1, column 6)")]
    [InlineData("{% include 'x' %}", "Unknown tag 'include'")]
    [InlineData("{% render 'x' %}", "Unknown tag 'render'")]
    [InlineData("{% capture x %}{% endcapture %}", "Unknown tag 'capture'")]
    [InlineData("{% tablerow x in data %}{% endtablerow %}", "Unknown tag 'tablerow'")]
    [InlineData("{% liquid\necho data %}", "Unknown tag 'liquid'")]
    [InlineData("{{ data | format_string: 1 }}", "there is no filter 'format_string'")]
    [InlineData("{{ data | raw }}", "there is no filter 'raw'")]
    public void Mistake_is_explained_with_its_position(string template, string expected)
    {
        Assert.Contains(expected, LiquidTemplate.Check(template), StringComparison.Ordinal);
    }

    [Fact]
    public void Template_longer_than_16_KiB_is_refused()
    {
        Assert.Null(LiquidTemplate.Check(new string('é', 8 * 1024)));
        Assert.Equal("must have at most 16 KiB", LiquidTemplate.Check(new string('é', (8 * 1024) + 1)));
    }

    [Theory]
    [InlineData("{{ 1 | divided_by: 0 }}", "it divides by zero")]
    [InlineData("{{ 79228162514264337593543950335 | times: 2 }}", "a number is too large")]
    [InlineData("{{ data.mixed | sort: \"x\" }}", "a filter or an operator can't use one of its values (InvalidOperationException)")]
    [InlineData("{{ data.when | time_zone: \"Nowhere/City\" }}", "a time zone must be a name such as Europe/Istanbul")]
    [InlineData("{{ data.name | date: \"%999999999n\" }}", "the format of a date is too long")]
    public void Failure_is_explained_without_the_event(string template, string expected)
    {
        Assert.Equal(expected, Assert.Throws<TemplateException>(() => Render(template, "text/plain")).Message);
    }

    [Theory]
    [InlineData("{{ data.name }}")]
    [InlineData("{\"a\":{{ data.missing }}}")]
    [InlineData("")]
    public void Output_that_is_no_JSON_is_a_failure(string template)
    {
        var failure = Assert.Throws<TemplateException>(() => Render(template, "application/json"));

        Assert.StartsWith("its output is not valid JSON (line 1, byte ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_with_a_lone_surrogate_is_empty()
    {
        Assert.Equal("[]", Render("[{{ data.a }}{{ data.b.x }}]", "text/plain", """{"a":"\ud800","b":{"\udc00":1}}"""));
    }

    private static string Render(string template, string contentType, string data = Data)
    {
        Assert.Null(template.Length == 0 ? null : LiquidTemplate.Check(template));
        var secrets = new TemplateSecrets(new Dictionary<string, Secret>(StringComparer.Ordinal) { ["key"] = new("s3cret") });
        var body = new LiquidTemplate(template).Render(
            Given.EventContent($$"""{"eventName":"CaseCreatedEvent","organizationId":1,"data":{{data}}}"""),
            secrets,
            TemplateContentType.TryParse(contentType)!,
            new TestClock()
        );
        return Encoding.UTF8.GetString(body.Span);
    }
}
