using EventSubscriptions.Events.Archive;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Replays;

/// <summary>Starts, lists, shows and cancels replays.</summary>
public sealed class ReplayFunctions(
    ReplayLifecycle lifecycle,
    ReplayStore store,
    SubscriptionStore subscriptions,
    EventTypes types,
    LimitsOptions limits,
    ArchiveOptions archive,
    TimeProvider time
)
{
    private const string Collection = "api/organizations/{organizationId}/subscriptions/{id}/replays";
    private const string Item = Collection + "/{replayId}";

    [Function(nameof(StartReplay))]
    [Requires(Role.Manage)]
    public async Task<IResult> StartReplay(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Collection)] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await subscriptions.FindAsync(request.Organization, id, cancellationToken) is not { } subscription)
        {
            return request.NotFound("Subscription");
        }

        var now = time.GetUtcNow();
        await request.ReadBodyAsync(cancellationToken);
        var requested = ReplayRequest.Read(request.Fields, await types.ForAsync(request.Body, cancellationToken), now, archive.Retention);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        if (!subscription.IsActive && !requested!.DryRun)
        {
            return Problem.Conflict("The subscription is inactive. Activate it first, or set dryRun to count only.");
        }

        var replay = await lifecycle.StartAsync(
            new Replay
            {
                OrganizationId = subscription.OrganizationId,
                SubscriptionId = subscription.Id,
                Id = ReplayId.New(time),
                From = requested!.From,
                To = requested.To,
                Events = requested.Events,
                Only = requested.Only,
                DryRun = requested.DryRun,
                State = ReplayState.Counting,
                CreatedAt = now,
                StartedBy = request.Caller.Actor,
            },
            limits.ReplaysPerOrganization,
            cancellationToken
        );
        if (replay is null)
        {
            return Problem.Conflict(
                $"The organization has reached its limit of {limits.ReplaysPerOrganization} running replays. Wait until one has ended, or cancel one."
            );
        }

        return new JsonContentResult<ReplayResponse>(
            StatusCodes.Status202Accepted,
            ReplayResponse.Of(replay),
            ReplayJson.Default.ReplayResponse
        )
        {
            Location = $"/api/organizations/{replay.OrganizationId}/subscriptions/{replay.SubscriptionId}/replays/{replay.Id}",
            Tag = EntityTag.Of(replay.ETag),
        };
    }

    [Function(nameof(ListReplays))]
    [Requires(Role.Manage)]
    public async Task<IResult> ListReplays(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection)] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await subscriptions.FindAsync(request.Organization, id, cancellationToken) is not { } subscription)
        {
            return request.NotFound("Subscription");
        }

        var page = request.Query.Page($"replays/{id}");
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var found = await store.ListAsync(subscription.Id, page, cancellationToken);
        return ApiResult.Ok(
            new ListPage<ReplayResponse>([.. found.Items.Select(ReplayResponse.Of)], found.ContinuationToken),
            ReplayJson.Default.ListPageReplayResponse
        );
    }

    [Function(nameof(GetReplay))]
    [Requires(Role.Manage)]
    public async Task<IResult> GetReplay(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Item)] HttpRequest http,
        string id,
        string replayId,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await FindAsync(request, id, replayId, cancellationToken) is not { } replay)
        {
            return request.NotFound("Replay");
        }

        return request.Validate() ?? ApiResult.Ok(ReplayResponse.Of(replay), ReplayJson.Default.ReplayResponse, EntityTag.Of(replay.ETag));
    }

    [Function(nameof(CancelReplay))]
    [Requires(Role.Manage)]
    public async Task<IResult> CancelReplay(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Item)] HttpRequest http,
        string id,
        string replayId,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await FindAsync(request, id, replayId, cancellationToken) is not { } replay)
        {
            return request.NotFound("Replay");
        }

        var ifMatch = request.IfMatch();
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        if (!ifMatch.Accepts(replay.ETag))
        {
            return Problem.PreconditionFailed();
        }

        var ended = await lifecycle.CancelAsync(replay.SubscriptionId, replay.Id, request.Caller.Actor, cancellationToken);
        return ended switch
        {
            null => request.NotFound("Replay"),
            { State: ReplayState.Cancelled } => ApiResult.NoContent(),
            _ => Problem.Conflict($"The replay has already ended: it is {ended.State.ToName()}."),
        };
    }

    private async Task<Replay?> FindAsync(ApiRequest request, string id, string replayId, CancellationToken cancellationToken) =>
        ReplayId.TryParse(replayId, out var known)
        && await subscriptions.FindAsync(request.Organization, id, cancellationToken) is { } subscription
            ? await store.GetAsync(subscription.Id, known, cancellationToken)
            : null;
}
