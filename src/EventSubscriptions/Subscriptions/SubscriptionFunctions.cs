using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Subscriptions;

/// <summary>Creates, lists, changes and deletes subscriptions.</summary>
public sealed class SubscriptionFunctions(
    SubscriptionStore store,
    SubscriptionHealthStore health,
    SubscriptionEditor editor,
    SubscriptionLimit limit,
    EventTypes types,
    SubscriptionRules rules,
    TimeProvider time
)
{
    private const string Collection = "api/organizations/{organizationId}/subscriptions";
    private const string Item = Collection + "/{id}";

    private static readonly TimeSpan s_defaultOverlap = TimeSpan.FromHours(24);
    private static readonly TimeSpan s_maxOverlap = TimeSpan.FromDays(30);

    [Function(nameof(CreateSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> CreateSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Collection)] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await request.ReadBodyAsync(cancellationToken);
        var fields = SubscriptionFields.ReadNew(request.Fields, await types.ForAsync(request.Body, cancellationToken), rules);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var now = time.GetUtcNow();
        var subscription = new Subscription
        {
            OrganizationId = request.Organization,
            Id = SubscriptionId.New(time),
            Name = fields.Name!,
            Description = fields.Description,
            Url = fields.Url!,
            Authentication = fields.Authentication!,
            UrlIsSecret = fields.UrlIsSecret ?? fields.Authentication is SubscriptionAuthentication.None,
            Headers = SubscriptionHeaders.None.With(fields.Headers ?? new Dictionary<string, Secret?>(StringComparer.Ordinal)),
            ClientCertificate = fields.ClientCertificate,
            SigningSecrets = SigningSecrets.New(),
            Events = fields.Events!,
            IsActive = fields.IsActive ?? true,
            RateLimitPerSecond = fields.RateLimitPerSecond,
            Filter = fields.Filter,
            Format = fields.Format ?? SubscriptionFormat.Default,
            RetrySchedule = fields.RetrySchedule,
            Deadline = fields.Deadline,
            Labels = SubscriptionLabels.None.With(fields.Labels ?? new Dictionary<string, string?>(StringComparer.Ordinal)),
            ExternalId = fields.ExternalId,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (rules.Check(subscription) is var (field, error))
        {
            request.Errors.Add(field, error);
            return request.Errors.ToProblem();
        }

        var entry = SubscriptionAudit.Created(subscription, request.Caller.Actor);
        Subscription? stored;
        try
        {
            stored = await limit.TryAddAsync(
                subscription.OrganizationId,
                () => store.AddAsync(subscription, entry, cancellationToken),
                cancellationToken
            );
        }
        catch (ExternalIdTakenException)
        {
            return ExternalIdTaken();
        }

        if (stored is null)
        {
            return Problem.Conflict($"The organization has reached its limit of {limit.Most} subscriptions. Delete one first.");
        }

        return ApiResult.Created(
            $"/api/organizations/{stored.OrganizationId}/subscriptions/{stored.Id}",
            SubscriptionResponse.Of(stored, SubscriptionHealth.Healthy) with
            {
                SigningSecret = stored.SigningSecrets.Current.Reveal(),
            },
            SubscriptionJson.Default.SubscriptionResponse,
            EntityTag.Of(stored.ETag)
        );
    }

    [Function(nameof(ListSubscriptions))]
    [Requires(Role.Read)]
    public async Task<IResult> ListSubscriptions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection)] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        var eventName = request.Query.Text("event");
        var isActive = request.Query.Boolean("isActive");
        var state = request.Query.OneOf<SubscriptionState>("health");
        var search = request.Query.Text("search");
        var externalId = request.Query.Text("externalId");
        var label = ReadLabel(request);
        var sort = request.Query.OneOf<SubscriptionSort>("sort") ?? SubscriptionSort.CreatedAt;
        var page = request.Query.Page(
            sort == SubscriptionSort.CreatedAt
                ? $"subscriptions/{request.Organization}"
                : $"subscriptions/{request.Organization}/{sort.ToName()}"
        );
        var catalogue = await types.GetAsync(cancellationToken);
        if (eventName is not null and not EventPattern.EveryEvent && !catalogue.Contains(eventName))
        {
            request.Errors.Add("event", catalogue.UnknownName(eventName));
        }

        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var failing =
            state is null && sort != SubscriptionSort.Health
                ? null
                : await health.ListFailingAsync(request.Organization, cancellationToken);
        var found =
            sort == SubscriptionSort.CreatedAt
                ? await store.ListAsync(request.Organization, Matches, page, cancellationToken)
                : await store.ListSortedAsync(
                    request.Organization,
                    Matches,
                    Position,
                    SubscriptionPosition.ComparerOf(sort),
                    page,
                    cancellationToken
                );
        var bodies = found.Items.Zip(await health.ListAsync(found.Items, cancellationToken), SubscriptionResponse.Of);
        return ApiResult.Ok(
            new ListPage<SubscriptionResponse>([.. bodies], found.ContinuationToken),
            SubscriptionJson.Default.ListPageSubscriptionResponse
        );

        bool Matches(Subscription subscription) =>
            (isActive is null || subscription.IsActive == isActive)
            && (externalId is null || subscription.ExternalId == externalId)
            && (label is not var (key, value) || subscription.Labels.Values.GetValueOrDefault(key) == value)
            && (state is null || state == SubscriptionHealthResponse.StateOf(subscription, IsFailing(subscription)))
            && (
                search is null || Contains(subscription.Name) || Contains(subscription.Description) || Contains(DisplayUrl.Of(subscription))
            )
            && (
                eventName is null or EventPattern.EveryEvent
                    ? eventName is null || subscription.Events is [EventPattern.EveryEvent]
                    : EventPattern.MatchesAny(subscription.Events, eventName, catalogue)
            );

        bool IsFailing(Subscription subscription) => failing?.Contains(subscription.Id) is true;

        string Position(Subscription subscription) => SubscriptionPosition.Of(subscription, sort, IsFailing(subscription));

        bool Contains(string? text) => text?.Contains(search!, StringComparison.OrdinalIgnoreCase) is true;
    }

    [Function(nameof(GetSubscription))]
    [Requires(Role.Read)]
    public async Task<IResult> GetSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Item)] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await FindAsync(request, id, cancellationToken) is not { } subscription)
        {
            return NotFound(request);
        }

        return request.Validate() ?? await ShowAsync(subscription, cancellationToken);
    }

    [Function(nameof(ChangeSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> ChangeSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = Item)] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await FindAsync(request, id, cancellationToken) is not { } subscription)
        {
            return NotFound(request);
        }

        await request.ReadMergePatchAsync(cancellationToken);
        var ifMatch = request.IfMatch();
        var fields = SubscriptionFields.ReadPatch(request.Fields, await types.ForAsync(request.Body, cancellationToken), rules);
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var result = await editor.ChangeAsync(
            request.Organization,
            subscription.Id,
            fields,
            ifMatch,
            request.Caller.Actor,
            cancellationToken
        );
        return result.Outcome == EditOutcome.Done ? await ShowAsync(result.Subscription!, cancellationToken) : Refused(request, result);
    }

    [Function(nameof(DeleteSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> DeleteSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Item)] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await FindAsync(request, id, cancellationToken) is not { } subscription)
        {
            return NotFound(request);
        }

        var ifMatch = request.IfMatch();
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var result = await editor.DeleteAsync(request.Organization, subscription.Id, ifMatch, request.Caller.Actor, cancellationToken);
        if (result.Outcome != EditOutcome.Done)
        {
            return Refused(request, result);
        }

        limit.Deleted(request.Organization);
        return ApiResult.NoContent();
    }

    [Function(nameof(RotateSecret))]
    [Requires(Role.Manage)]
    public async Task<IResult> RotateSecret(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Item + "/rotate-secret")] HttpRequest http,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        if (await FindAsync(request, id, cancellationToken) is not { } subscription)
        {
            return NotFound(request);
        }

        await request.ReadOptionalBodyAsync(cancellationToken);
        var ifMatch = request.IfMatch();
        var overlap = request.Fields.Duration("overlap", TimeSpan.Zero, s_maxOverlap) ?? s_defaultOverlap;
        if (request.Validate() is { } problem)
        {
            return problem;
        }

        var result = await editor.RotateSecretAsync(
            request.Organization,
            subscription.Id,
            overlap,
            ifMatch,
            request.Caller.Actor,
            cancellationToken
        );
        return result is { Outcome: EditOutcome.Done, Subscription: { } rotated }
            ? ApiResult.Ok(
                new RotatedSecretResponse(rotated.SigningSecrets.Current.Reveal(), rotated.SigningSecrets.PreviousUntil),
                SubscriptionJson.Default.RotatedSecretResponse,
                EntityTag.Of(rotated.ETag)
            )
            : Refused(request, result);
    }

    private async Task<IResult> ShowAsync(Subscription subscription, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            SubscriptionResponse.Of(subscription, await health.GetAsync(subscription.OrganizationId, subscription.Id, cancellationToken)),
            SubscriptionJson.Default.SubscriptionResponse,
            EntityTag.Of(subscription.ETag)
        );

    private Task<Subscription?> FindAsync(ApiRequest request, string id, CancellationToken cancellationToken) =>
        store.FindAsync(request.Organization, id, cancellationToken);

    private static IResult Refused(ApiRequest request, EditResult result)
    {
        switch (result.Outcome)
        {
            case EditOutcome.Stale:
                return Problem.PreconditionFailed();
            case EditOutcome.Contended:
                return Problem.Conflict("The subscription is being changed by others. Try again.");
            case EditOutcome.ExternalIdTaken:
                return ExternalIdTaken();
            case EditOutcome.TooManyLabels:
                request.Errors.Add("labels", SubscriptionFields.TooManyLabels);
                return request.Errors.ToProblem();
            case EditOutcome.TooManyHeaders:
                request.Errors.Add("headers", result.Details[0]);
                return request.Errors.ToProblem();
            case EditOutcome.Invalid:
                request.Errors.Add(result.Details[0], result.Details[1]);
                return request.Errors.ToProblem();
            case EditOutcome.SecretsNeeded:
                foreach (var field in result.Details)
                {
                    request.Errors.Add(
                        field,
                        "must be given again, because the URL changes and secrets are sent only to the URL that they were given for"
                    );
                }

                return request.Errors.ToProblem();
            default:
                return NotFound(request);
        }
    }

    private static IResult NotFound(ApiRequest request) => request.NotFound("Subscription");

    private static IResult ExternalIdTaken() =>
        Problem.Conflict("Another subscription of the organization has this externalId. Change that one, or choose another externalId.");

    /// <summary>The parameter <c>label</c>, as <c>key:value</c>.</summary>
    private static (string Key, string Value)? ReadLabel(ApiRequest request)
    {
        if (request.Query.Text("label") is not { } text)
        {
            return null;
        }

        var separator = text.IndexOf(':', StringComparison.Ordinal);
        if (separator > 0)
        {
            return (text[..separator], text[(separator + 1)..]);
        }

        request.Errors.Add("label", "must be a key and a value separated by a colon, such as team:soc");
        return null;
    }
}
