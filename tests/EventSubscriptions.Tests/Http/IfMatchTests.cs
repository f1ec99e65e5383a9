using Azure;
using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Http;

public sealed class IfMatchTests
{
    private static readonly ETag s_row = new("W/\"datetime'2026-01-31T10%3A00%3A00.0000000Z'\"");

    [Fact]
    public void Tag_of_a_row_is_strong_and_opaque()
    {
        var tag = EntityTag.Of(s_row).ToString();

        Assert.Matches("^\"[A-Za-z0-9_-]{16}\"$", tag);
        Assert.Equal(tag, EntityTag.Of(s_row).ToString());
        Assert.NotEqual(tag, EntityTag.Of(new ETag("other")).ToString());
    }

    [Fact]
    public void Version_is_accepted_when_one_of_the_tags_is_its_own()
    {
        var tag = EntityTag.Of(s_row).ToString();

        Assert.True(Read(tag).Accepts(s_row));
        Assert.True(Read("\"other\"", tag).Accepts(s_row));
        Assert.True(Read($"\"other\", {tag}").Accepts(s_row));
        Assert.True(Read("*").Accepts(s_row));
        Assert.True(Read().Accepts(s_row));
        Assert.False(Read("\"other\"").Accepts(s_row));
        Assert.False(Read("W/\"other\"").Accepts(s_row));
    }

    [Fact]
    public void Version_is_accepted_when_a_proxy_that_compresses_has_changed_its_tag()
    {
        var tag = EntityTag.Of(s_row).ToString();

        Assert.True(Read($"W/{tag}").Accepts(s_row));
        Assert.True(Read($"{tag[..^1]}-gzip\"").Accepts(s_row));
        Assert.True(Read($"W/{tag[..^1]}-gzip\"").Accepts(s_row));
        Assert.False(Read($"{tag[..^1]}-\"").Accepts(s_row));
        Assert.False(Read("\"-gzip\"").Accepts(s_row));
    }

    [Fact]
    public void Version_is_required_only_by_a_tag()
    {
        Assert.True(Read("\"a\"").IsDemanded);
        Assert.False(Read("*").IsDemanded);
        Assert.False(Read().IsDemanded);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("\"abc")]
    [InlineData("\"a\" \"b\"")]
    [InlineData("W/")]
    [InlineData("W/  ")]
    [InlineData("W/abc")]
    [InlineData("*a")]
    [InlineData(",")]
    [InlineData("")]
    public void Header_is_an_error_when_it_is_malformed(string header)
    {
        var errors = new FieldErrors();

        IfMatch.Read(Requests.Get().IfMatch(header), errors);

        Assert.Equal(["If-Match"], errors.ByField().Keys);
    }

    private static IfMatch Read(params string[] header)
    {
        var errors = new FieldErrors();
        var match = IfMatch.Read(header.Length == 0 ? Requests.Get() : Requests.Get().IfMatch(header), errors);
        Assert.False(errors.Any);
        return match;
    }
}
