using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Tests.Http;

namespace EventSubscriptions.Tests.Events.Catalogue;

public sealed class EventTypeFunctionsTests
{
    private readonly EventTypeFunctions _functions = new(EventCatalogue.Load());

    [Fact]
    public async Task List_has_every_event_type_in_one_page()
    {
        var reply = await _functions.List(Requests.Get(), new TestFunctionContext()).ReplyAsync();

        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json; charset=utf-8", reply.Headers.ContentType);
        var page = reply.Read<PageResult<EventTypeResult>>();
        Assert.Equal(33, page.Items.Count);
        Assert.Null(page.ContinuationToken);
    }

    [Fact]
    public async Task One_event_type_is_shown_as_in_the_list_with_a_tag_of_its_own()
    {
        var list = await _functions.List(Requests.Get(), new TestFunctionContext()).ReplyAsync();
        var one = await _functions.Get(Requests.Get(), "CaseClosedEvent", new TestFunctionContext()).ReplyAsync();
        var other = await _functions.Get(Requests.Get(), "CaseCreatedEvent", new TestFunctionContext()).ReplyAsync();

        Assert.Contains(one.Body, list.Body, StringComparison.Ordinal);
        Assert.Matches("^\"[^\"]+\"$", one.Headers.ETag.ToString());
        Assert.NotEqual(one.Headers.ETag, other.Headers.ETag);
    }

    [Theory]
    [InlineData("caseclosedevent", "Event type not found. Did you mean 'CaseClosedEvent'?")]
    [InlineData("x", "Event type not found.")]
    public async Task Unknown_name_is_not_found_and_the_nearest_one_named(string name, string detail)
    {
        var reply = await _functions.Get(Requests.Get(), name, new TestFunctionContext()).ReplyAsync();

        Assert.Equal(404, reply.Status);
        Assert.Equal(detail, reply.Read<ProblemResult>().Detail);
    }

    [Fact]
    public async Task Parameters_are_unknown()
    {
        Assert.Equal(
            ["pageSize"],
            (await _functions.List(Requests.Get("?pageSize=1"), new TestFunctionContext()).ReplyAsync()).Errors.Keys
        );
        Assert.Equal(
            ["x"],
            (await _functions.Get(Requests.Get("?x=1"), "CaseClosedEvent", new TestFunctionContext()).ReplyAsync()).Errors.Keys
        );
    }
}
