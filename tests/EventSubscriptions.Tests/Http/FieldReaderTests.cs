using System.Text.Json;
using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Http;

public sealed class FieldReaderTests
{
    [Fact]
    public async Task Field_errors_are_all_reported()
    {
        var errors = new FieldErrors();
        var fields = new FieldReader(
            JsonElement.Parse("""{"name":"","count":0,"on":"yes","list":["a",1],"at":"2026-01-31","nmae":1,"zzz":null,"gone":null}"""),
            errors
        );

        fields.Text("name", required: true, minLength: 1, maxLength: 3);
        fields.Number("count", min: 1, max: 9);
        fields.Boolean("on");
        fields.Texts("list");
        fields.Time("at");
        fields.Text("url", required: true);
        fields.Text("gone", required: true);
        fields.ReportUnknown();

        var reply = await errors.ToProblem().ReplyAsync();
        Assert.Equal(400, reply.Status);
        Assert.Equal(
            new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
            {
                ["name"] = ["must be 1 to 3 characters long"],
                ["count"] = ["must be a whole number from 1 to 9"],
                ["on"] = ["must be true or false"],
                ["list[1]"] = ["must be a string"],
                ["at"] = [IsoTime.Expected],
                ["url"] = ["is required"],
                ["gone"] = ["may not be null"],
                ["nmae"] = ["is unknown; did you mean 'name'?"],
                ["zzz"] = ["is unknown; expected one of name, count, on, list, at, url, gone"],
            },
            reply.Errors
        );
    }

    [Fact]
    public void Values_are_read_when_they_are_valid()
    {
        var errors = new FieldErrors();
        var fields = new FieldReader(
            JsonElement.Parse("""{"name":"😀😀","count":9,"on":false,"list":["a"],"at":"2026-01-31T10:00:00.5+02:00","none":null}"""),
            errors,
            "[3]."
        );

        Assert.Equal("😀😀", fields.Text("name", required: true, maxLength: 2));
        Assert.Equal(9, fields.Number("count", min: 1, max: 9));
        Assert.False(fields.Boolean("on"));
        Assert.Equal(["a"], fields.Texts("list"));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 8, 0, 0, 500, TimeSpan.Zero), fields.Time("at"));
        Assert.Null(fields.Text("none"));
        Assert.True(fields.Has("none"));
        Assert.False(fields.Has("other"));
        fields.ReportUnknown();
        Assert.False(errors.Any);
    }

    [Theory]
    [InlineData("10.0", 10)]
    [InlineData("1e1", 10)]
    [InlineData("1E+1", 10)]
    [InlineData("0.1e2", 10)]
    [InlineData("1000.00e-2", 10)]
    [InlineData("-0", 0)]
    [InlineData("-0.0e5", 0)]
    [InlineData("0e99999999999999999999", 0)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("-2147483648.0", int.MinValue)]
    [InlineData("214748364.7e1", int.MaxValue)]
    [InlineData("2147483648", null)]
    [InlineData("-2147483649", null)]
    [InlineData("9999999999", null)]
    [InlineData("10000000000", null)]
    [InlineData("1.5", null)]
    [InlineData("1e-1", null)]
    [InlineData("1e400", null)]
    [InlineData("1e-99999999999999999999", null)]
    [InlineData("1e99999999999999999999", null)]
    [InlineData("1.00000000000000000000000000000000001", null)]
    public void Number_is_read_however_it_is_written(string json, int? expected)
    {
        var errors = new FieldErrors();

        Assert.Equal(expected, new FieldReader(JsonElement.Parse($$"""{"n":{{json}}}"""), errors).Number("n"));
        Assert.Equal(expected is null, errors.Any);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData("null")]
    public void Body_has_one_error_when_it_is_not_an_object(string json)
    {
        var errors = new FieldErrors();
        var fields = new FieldReader(JsonElement.Parse(json), errors, "[3].");

        fields.Text("name", required: true);
        fields.ReportUnknown();

        Assert.Equal(["must be an object"], Assert.Single(errors.ByField(), field => field.Key == "[3]").Value);
    }

    [Fact]
    public void Response_stays_small_when_there_are_thousands_of_errors()
    {
        var errors = new FieldErrors();
        for (var i = 0; i < 5000; i++)
        {
            errors.Add($"[{i}]", "is wrong");
        }

        Assert.Equal(5000, errors.Count);
        Assert.Equal(100, errors.ByField().Count);
    }

    [Theory]
    [InlineData("eventNmae", "eventName")]
    [InlineData("EVENTNAME", "eventName")]
    [InlineData("evntName", "eventName")]
    [InlineData("colour", null)]
    [InlineData("", null)]
    public void Nearest_field_is_suggested_when_few_letters_differ(string text, string? expected) =>
        Assert.Equal(expected, NearestName.Find(text, ["data", "eventName", "organizationId"]));
}
