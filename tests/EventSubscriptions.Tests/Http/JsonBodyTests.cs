using System.Text;
using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Http;

public sealed class JsonBodyTests
{
    [Theory]
    [InlineData("{\n  \"a\": 1,\n  oops }", "line 3, byte 3")]
    [InlineData("{\"a\":1}x", "line 1, byte 8")]
    [InlineData("{\"a\":1,}", "line 1, byte 8")]
    [InlineData("{", "line 1")]
    [InlineData("{\"a\":1,\n \"a\":2}", "'a' appears twice in one object, the second time at line 2, byte 2")]
    [InlineData("{\"x\":[{\"b\":1,\"\\u0062\":2}]}", "'b' appears twice")]
    [InlineData("{\"a\":\"\\ud800\"}", "surrogate")]
    [InlineData("{\"\\ud800\":1}", "surrogate")]
    [InlineData("", "no body")]
    [InlineData("\uFEFF", "no body")]
    public async Task Body_is_refused_with_the_place_when_it_is_malformed(string body, string expected)
    {
        var read = await JsonBody.ReadAsync(Requests.Post(body), default);

        var reply = await read.Problem!.ReplyAsync();
        Assert.Equal(400, reply.Status);
        Assert.Contains(expected, reply.Read<ProblemResult>().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_is_refused_when_it_is_nested_too_deeply()
    {
        var read = await JsonBody.ReadAsync(Requests.Post(new string('[', 100_000)), default);

        var reply = await read.Problem!.ReplyAsync();
        Assert.Equal(400, reply.Status);
        Assert.Equal("The body is nested deeper than 64 levels: line 1, byte 65.", reply.Read<ProblemResult>().Detail);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public async Task Body_is_read_down_to_64_levels(int depth, bool isRead) =>
        Assert.Equal(
            isRead,
            (await JsonBody.ReadAsync(Requests.Post(new string('[', depth) + new string(']', depth)), default)).Problem is null
        );

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("identity, br", false)]
    [InlineData("identity", true)]
    [InlineData("", true)]
    public async Task Body_is_read_only_when_it_is_not_compressed(string encoding, bool isRead)
    {
        var request = Requests.Post("{}");
        request.Headers.ContentEncoding = encoding;

        var read = await JsonBody.ReadAsync(request, default);

        Assert.Equal(isRead ? 200 : 415, read.Problem is null ? 200 : (await read.Problem.ReplyAsync()).Status);
    }

    [Fact]
    public async Task Body_is_refused_when_it_is_not_utf8()
    {
        var read = await JsonBody.ReadAsync(Requests.WithBody("POST", [(byte)'"', 0xC3, (byte)'"'], "application/json"), default);

        Assert.Contains("UTF-8", (await read.Problem!.ReplyAsync()).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(JsonBody.MaxBytes, true, null)]
    [InlineData(JsonBody.MaxBytes, false, null)]
    [InlineData(JsonBody.MaxBytes + 1, true, 413)]
    [InlineData(JsonBody.MaxBytes + 1, false, 413)]
    [InlineData(2 * JsonBody.MaxBytes, false, 413)]
    public async Task Body_is_refused_when_it_is_over_one_mebibyte(int length, bool announced, int? expected)
    {
        var request = Requests.Post($"\"{new string('x', length - 2)}\"");
        request.ContentLength = announced ? request.ContentLength : null;

        var read = await JsonBody.ReadAsync(request, default);

        Assert.Equal(expected, read.Problem is null ? null : (await read.Problem.ReplyAsync()).Status);
    }

    [Theory]
    [InlineData("application/json", true, true)]
    [InlineData("APPLICATION/JSON; charset=\"UTF-8\"", true, true)]
    [InlineData("application/merge-patch+json", false, true)]
    [InlineData("application/json; charset=latin1", false, false)]
    [InlineData("text/plain", false, false)]
    [InlineData("application/x-www-form-urlencoded", false, false)]
    [InlineData("", false, false)]
    [InlineData(null, false, false)]
    public async Task Body_is_read_only_when_its_type_is_json(string? type, bool asJson, bool asPatch)
    {
        Assert.Equal(asJson, (await JsonBody.ReadAsync(Requests.Post("{}", type), default)).Problem is null);
        Assert.Equal(asPatch, (await JsonBody.ReadMergePatchAsync(Requests.Post("{}", type), default)).Problem is null);
    }

    [Fact]
    public async Task Refusal_is_problem_details()
    {
        var read = await JsonBody.ReadAsync(Requests.Post("{}", "text/plain"), default);

        var reply = await read.Problem!.ReplyAsync();
        Assert.Equal("application/problem+json", reply.Headers.ContentType);
        var problem = reply.Read<ProblemResult>();
        Assert.Equal(("about:blank", "Unsupported Media Type", 415), (problem.Type, problem.Title, problem.Status));
    }

    [Fact]
    public async Task Body_is_read_after_a_byte_order_mark()
    {
        byte[] body = [.. Encoding.UTF8.Preamble, .. "{\"a\":\"\\ud83d\\ude00\"}"u8];

        var read = await JsonBody.ReadAsync(Requests.WithBody("POST", body, "application/json"), default);

        Assert.Equal("😀", read.Root.GetProperty("a").GetString());
    }
}
