using EventSubscriptions.Http;
using LocalHost.Functions;

namespace EventSubscriptions.Tests.Http;

public sealed class ApiRequestTests
{
    private readonly TestFunctionContext _context = new() { Definition = new LocalFunctionDefinition("SomeFunction") };

    [Fact]
    public void Function_that_returns_without_validation_fails()
    {
        Assert.Throws<InvalidOperationException>(() => ApiRequest.EnsureValidated(_context));

        var request = ApiRequest.Of(Requests.Get(), _context);
        Assert.Throws<InvalidOperationException>(() => ApiRequest.EnsureValidated(_context));

        Assert.Null(request.Validate());
        ApiRequest.EnsureValidated(_context);
    }

    [Fact]
    public void Not_found_needs_no_validation()
    {
        ApiRequest.Of(Requests.Get("?unknown=1"), _context).NotFound("Subscription");

        ApiRequest.EnsureValidated(_context);
    }

    [Fact]
    public async Task Parameters_that_nothing_reads_are_reported()
    {
        var request = ApiRequest.Of(Requests.Get("?pageSize=1&x=1"), _context);
        request.Query.Page("list");

        Assert.Equal(["x"], (await request.Validate()!.ReplyAsync()).Errors.Keys);
    }
}
