using Azure.Data.Tables;
using EventSubscriptions.Audit;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Http;
using EventSubscriptions.Tests.Storage;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Tests.Subscriptions;

public abstract class SubscriptionFunctionsTestBase(ITableStores stores) : IAsyncLifetime
{
    private protected const string Valid =
        """{"name":"n","url":"https://example.com/hook?code=s3cret","token":"t0ken-of-some-length","events":["CaseClosedEvent"]}""";

    private protected readonly TestClock _clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));
    private protected readonly OrganizationId _organization = Given.Organization();
    private protected TableServiceClient _tables = null!;
    private protected SubscriptionStore _store = null!;
    private protected SubscriptionCache _cache = null!;
    private protected SubscriptionFunctions _functions = null!;

    private protected TestFunctionContext Context => new(new Caller(Given.Actor("ops"), Role.Manage, null), _organization);

    public async Task InitializeAsync()
    {
        _tables = await stores.ConnectAsync();
        _store = Given.SubscriptionStore(_tables, _clock);
        _cache = new SubscriptionCache(_store, _clock);
        _functions = Functions(new LimitsOptions());
    }

    private protected SubscriptionFunctions Functions(LimitsOptions limits) =>
        new(
            _store,
            new SubscriptionHealthStore(_tables),
            new SubscriptionEditor(_store, _cache, Given.Rules(), _clock),
            new SubscriptionLimit(_store, limits, _clock),
            Given.EventTypes(_tables, _clock),
            Given.Rules(time: _clock),
            _clock
        );

    public Task DisposeAsync() => Task.CompletedTask;

    private protected static string Id(Reply reply) => reply.Read<SubscriptionResult>().Id;

    private protected Task<Reply> CreateAsync(string body) => _functions.CreateSubscription(Requests.Post(body), Context, default).Reply();

    private protected Task<Reply> GetAsync(string id) => _functions.GetSubscription(Requests.Get(), id, Context, default).Reply();

    private protected Task<Reply> PatchAsync(string id, string body, params string[] ifMatch) =>
        _functions.ChangeSubscription(With(Requests.Post(body, "application/merge-patch+json"), ifMatch), id, Context, default).Reply();

    private protected Task<Reply> DeleteAsync(string id, params string[] ifMatch) =>
        _functions.DeleteSubscription(With(Requests.Get(), ifMatch), id, Context, default).Reply();

    private protected static HttpRequest With(HttpRequest request, string[] ifMatch) =>
        ifMatch.Length == 0 ? request : request.IfMatch(ifMatch);

    private protected async Task<IReadOnlyList<AuditLogEntry>> AuditAsync() =>
        (await AuditReplyAsync("")).Read<PageResult<AuditLogEntry>>().Items;

    private protected Task<Reply> AuditReplyAsync(string query) =>
        new AuditLogFunctions(new AuditLog(_tables, _clock), _store).ListAuditLog(Requests.Get(query), Context, default).Reply();

    private protected Task<Reply> ListAsync(string query) => _functions.ListSubscriptions(Requests.Get(query), Context, default).Reply();

    private protected static List<string> Ids(Reply reply) => [.. Page(reply).Items.Select(item => item.Id)];

    private protected static PageResult<SubscriptionResult> Page(Reply reply) => reply.Read<PageResult<SubscriptionResult>>();
}
