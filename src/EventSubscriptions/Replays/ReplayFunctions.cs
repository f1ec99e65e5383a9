using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Replays;

/// <summary>Replays over HTTP.</summary>
public sealed class ReplayFunctions(
    ReplayProcessor runner,
    ReplayStore store,
    SubscriptionStore subscriptions,
    EventCatalogue catalogue,
    LimitsOptions limits,
    ArchiveOptions archive,
    TimeProvider time)
{
    private const string Collection = "api/organizations/{organizationId}/subscriptions/{id}/replays";
    private const string Item = Collection + "/{replayId}";

    [Function(nameof(StartReplay))]
    [Requires(Role.Manage)]
    public async Task<IResult> StartReplay(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Collection)] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return NoSubscription();
        }

        var body = await JsonBody.ReadAsync(request, cancellationToken);
        if (body.Problem is not null)
        {
            return body.Problem;
        }

        var now = time.GetUtcNow();
        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        if (ReplayRequest.Read(body.Root, catalogue, now, archive.Retention, errors) is not { } asked || errors.Any)
        {
            return errors.ToProblem();
        }

        if (!subscription.IsActive && !asked.DryRun)
        {
            return Problem.Conflict("The subscription is inactive. Activate it first, or set dryRun to count only.");
        }

        var replay = await runner.StartAsync(
            new Replay
            {
                OrganizationId = subscription.OrganizationId,
                SubscriptionId = subscription.Id,
                Id = ReplayId.New(time),
                From = asked.From,
                To = asked.To,
                Events = asked.Events,
                Only = asked.Only,
                DryRun = asked.DryRun,
                State = ReplayState.Counting,
                CreatedAt = now,
                StartedBy = context.GetCaller()!.Actor,
            },
            limits.ReplaysPerOrganization,
            cancellationToken);
        if (replay is null)
        {
            return Problem.Conflict(
                $"{limits.ReplaysPerOrganization} replays of this organization are running, as many as may at once. Wait until one has ended, or cancel one.");
        }

        return new JsonContentResult<ReplayResponse>(StatusCodes.Status202Accepted, ReplayResponse.Of(replay), ReplayJson.Default.ReplayResponse)
        {
            Location = $"/api/organizations/{replay.OrganizationId}/subscriptions/{replay.SubscriptionId}/replays/{replay.Id}",
            Tag = EntityTag.Of(replay.ETag),
        };
    }

    [Function(nameof(ListReplays))]
    [Requires(Role.Manage)]
    public async Task<IResult> ListReplays(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection)] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return NoSubscription();
        }

        var errors = new FieldErrors();
        var query = new QueryReader(request, errors);
        var page = query.Page($"replays/{id}");
        query.Finish();
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var found = await store.ListAsync(subscription.Id, page, cancellationToken);
        return ApiResult.Ok(new ListPage<ReplayResponse>([.. found.Items.Select(ReplayResponse.Of)], found.ContinuationToken), ReplayJson.Default.ListPageReplayResponse);
    }

    [Function(nameof(GetReplay))]
    [Requires(Role.Manage)]
    public async Task<IResult> GetReplay(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Item)] HttpRequest request,
        string id,
        string replayId,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, replayId, cancellationToken) is not { } replay)
        {
            return NoReplay();
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        return errors.Any ? errors.ToProblem() : ApiResult.Ok(ReplayResponse.Of(replay), ReplayJson.Default.ReplayResponse, EntityTag.Of(replay.ETag));
    }

    [Function(nameof(CancelReplay))]
    [Requires(Role.Manage)]
    public async Task<IResult> CancelReplay(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Item)] HttpRequest request,
        string id,
        string replayId,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, replayId, cancellationToken) is not { } replay)
        {
            return NoReplay();
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        var ifMatch = IfMatch.Read(request, errors);
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        if (!ifMatch.Accepts(replay.ETag))
        {
            return Problem.PreconditionFailed();
        }

        var ended = await runner.CancelAsync(replay.SubscriptionId, replay.Id, context.GetCaller()!.Actor, cancellationToken);
        return ended switch
        {
            null => NoReplay(),
            { State: ReplayState.Cancelled } => ApiResult.NoContent(),
            _ => Problem.Conflict($"The replay has ended already: it is {ended.State}."),
        };
    }

    private static IResult NoSubscription() => Problem.NotFound("There is no such subscription.");

    private static IResult NoReplay() => Problem.NotFound("There is no such replay.");

    private async Task<Subscription?> FindAsync(FunctionContext context, string id, CancellationToken cancellationToken) =>
        SubscriptionId.TryParse(id, out var known) ? await subscriptions.GetAsync(context.GetOrganization(), known, cancellationToken) : null;

    private async Task<Replay?> FindAsync(FunctionContext context, string id, string replayId, CancellationToken cancellationToken) =>
        ReplayId.TryParse(replayId, out var known) && await FindAsync(context, id, cancellationToken) is { } subscription
            ? await store.GetAsync(subscription.Id, known, cancellationToken)
            : null;
}
