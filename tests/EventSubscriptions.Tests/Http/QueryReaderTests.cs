using EventSubscriptions.Http;
using EventSubscriptions.Storage;

namespace EventSubscriptions.Tests.Http;

public sealed class QueryReaderTests
{
    [Theory]
    [InlineData("?pageSize=0", "pageSize")]
    [InlineData("?pageSize=1001", "pageSize")]
    [InlineData("?pageSize=ten", "pageSize")]
    [InlineData("?pageSize=", "pageSize")]
    [InlineData("?pageSize=1&pageSize=2", "pageSize")]
    [InlineData("?pagesize=5", "pagesize")]
    [InlineData("?continuationToken=abc", "continuationToken")]
    [InlineData("?continuationToken=%00%2F", "continuationToken")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?from=2026-01-31T00:00:00", "from")]
    [InlineData("?from=2026-01-31T00:00:00+02:00", "from")]
    [InlineData("?from=2026-01-31T00:00:00Z&to=2026-01-31T00:00:00Z", "to")]
    [InlineData("?isActive=True", "isActive")]
    [InlineData("?color=red", "color")]
    public void Error_names_its_parameter(string query, string parameter)
    {
        var errors = new FieldErrors();
        Read(query, errors);

        Assert.Equal([parameter], errors.ByField().Keys);
    }

    [Fact]
    public void Parameters_are_read_when_they_are_valid()
    {
        var errors = new FieldErrors();
        var token = new PageRequest("list/7", 1, null).ToPage<string>([], "row").ContinuationToken;

        var (page, range, active) = Read(
            $"?pageSize=1000&continuationToken={token}&from=2026-01-31T00:00Z&to=2026-01-31T00:00:00.0000001Z&isActive=true",
            errors
        );

        Assert.False(errors.Any);
        Assert.Equal(new PageRequest("list/7", 1000, "row"), page);
        Assert.Equal(1, (range.To - range.From)!.Value.Ticks);
        Assert.True(active);
    }

    [Fact]
    public void Token_is_refused_when_it_belongs_to_another_list()
    {
        var errors = new FieldErrors();
        var token = new PageRequest("list/8", 1, null).ToPage<string>([], "row").ContinuationToken;

        Read($"?continuationToken={token}", errors);

        Assert.True(errors.Any);
    }

    [Theory]
    [InlineData("row\0")]
    [InlineData("row key")]
    [InlineData("ro\u0301w")]
    public void Token_is_refused_when_it_has_characters_that_no_row_key_has(string key)
    {
        var errors = new FieldErrors();

        Read($"?continuationToken={new PageRequest("list/7", 1, null).ToPage<string>([], key).ContinuationToken}", errors);

        Assert.Equal(["continuationToken"], errors.ByField().Keys);
    }

    [Fact]
    public void Token_is_refused_when_it_is_longer_than_a_row_key()
    {
        var errors = new FieldErrors();

        Read($"?continuationToken={new PageRequest("list/7", 1, null).ToPage<string>([], new string('k', 513)).ContinuationToken}", errors);

        Assert.Equal(["continuationToken"], errors.ByField().Keys);
    }

    private static (PageRequest Page, TimeRange Range, bool? Active) Read(string query, FieldErrors errors)
    {
        var reader = new QueryReader(Requests.Get(query), errors);
        var result = (reader.Page("list/7"), reader.TimeRange(), reader.Boolean("isActive"));
        reader.ReportUnknown();
        return result;
    }
}
