using System.Text.Json;
using CsCheck;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions.Formats;
using EventSubscriptions.Subscriptions.Formats.Templates;
using static EventSubscriptions.Tests.Fuzzing.Checks;

namespace EventSubscriptions.Tests.Fuzzing;

public sealed class FormatFuzzTests
{
    private static readonly string[] s_values =
    [
        "data",
        "data.a",
        "data.a.b",
        "data.list",
        "data.list[0]",
        "data[\"a\"]",
        "secrets.key",
        "secrets",
        "eventName",
        "organizationId",
        "timestamp",
        "x",
        "nil",
        "empty",
        "true",
        "1",
        "-1.5",
        "79228162514264337593543950335",
        "\"text\"",
        "\"\"",
    ];

    private static readonly Gen<string> s_value = Gen.OneOf(s_values);

    private static readonly Gen<string> s_filter = Gen.Select(
        Gen.OneOf<string>([.. TemplateFilters.Names]),
        s_value.List[0, 3],
        (name, arguments) => arguments.Count == 0 ? $" | {name}" : $" | {name}: {string.Join(", ", arguments)}"
    );

    private static readonly Gen<string> s_expression = Gen.Select(
        s_value,
        s_filter.List[0, 4],
        (value, filters) => value + string.Concat(filters)
    );

    private static readonly Gen<string> s_part = Gen.OneOf(
        Hostile.Raw,
        s_expression.Select(expression => $"{{{{ {expression} }}}}"),
        s_expression.Select(expression => $"{{% assign x = {expression} %}}"),
        s_expression.Select(expression => $"{{{{ {expression} | json }}}}"),
        Gen.Select(
            s_value,
            s_value,
            Gen.OneOf("==", "!=", "<", ">=", "contains"),
            (a, b, compare) => $"{{% if {a} {compare} {b} %}}{{{{ {a} }}}}{{% else %}}{{{{ {b} }}}}{{% endif %}}"
        ),
        Gen.Select(
            Gen.OneOf("1", "-3", "data.a", "x"),
            Gen.OneOf("4", "99999", "data.list"),
            (from, to) => $"{{% for x in ({from}..{to}) %}}{{{{ x }}}},{{% endfor %}}"
        ),
        Gen.OneOf("data", "data.list", "x").Select(value => $"{{% for x in {value} %}}{{{{ x }}}}{{% endfor %}}"),
        s_value.Select(value => $"{{% case {value} %}}{{% when 1 %}}one{{% else %}}other{{% endcase %}}")
    );

    /// <summary>Templates that are mostly valid.</summary>
    private static readonly Gen<string> s_template = Gen.Frequency(
        (4, s_part.List[0, 4].Select(parts => "{% assign x = data.a %}" + string.Concat(parts))),
        (
            1,
            Gen.Select(
                s_part,
                Gen.OneOf("{% endif %}", "{% raw %}", "{{", "%}", "{%- comment -%}", "{% render 'x' %}"),
                (part, end) => part + end
            )
        )
    );

    [Fact]
    public void Format_is_refused_or_can_be_stored_and_ends_as_a_body_or_a_failure()
    {
        var cases = Gen.Select(
            s_template,
            Gen.OneOf("application/json", "text/plain", "application/xml", "application/x-www-form-urlencoded"),
            Gen.Select(Hostile.Json, Hostile.Json.List[0, 3], (a, list) => $$"""{"a":{{a}},"list":[{{string.Join(',', list)}}]}""")
        );

        var (bodies, failures) = (0, 0);
        cases.Sample(
            (template, contentType, data) =>
            {
                var errors = new FieldErrors();
                var request = JsonSerializer.SerializeToElement(
                    new
                    {
                        format = new
                        {
                            type = "template",
                            body = template,
                            contentType,
                            secrets = new { key = "s3cret" },
                        },
                    }
                );
                if (FormatFields.Read(new FieldReader(request, errors)) is not { } format)
                {
                    Assert.True(errors.Any);
                    return;
                }

                Assert.Equal(format, FormatFields.Parse(FormatFields.Write(format)));
                if (Parsed(System.Text.Encoding.UTF8.GetBytes(data)) is not { ValueKind: JsonValueKind.Object } json)
                {
                    return;
                }

                var content = Given.EventContent($$"""{"eventName":"CaseCreatedEvent","organizationId":1,"data":{{json.GetRawText()}}}""");
                try
                {
                    var body = format.Compose(content, new TestClock());
                    Interlocked.Increment(ref bodies);
                    Assert.True(body.Bytes.Length <= 6 * RenderBudget.MaxOutput);
                    if (contentType == "application/json")
                    {
                        JsonElement.Parse(body.Bytes.Span, new JsonDocumentOptions { MaxDepth = 256 });
                    }
                }
                catch (TemplateException failure)
                {
                    Interlocked.Increment(ref failures);
                    Assert.DoesNotContain("s3cret", failure.Message, StringComparison.Ordinal);
                }
            },
            iter: 5_000
        );

        Assert.True(bodies > 500 && failures > 500, $"Only {bodies} bodies and {failures} failures.");
    }
}
