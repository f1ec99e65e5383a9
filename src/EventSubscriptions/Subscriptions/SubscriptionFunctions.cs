using EventSubscriptions.Destinations;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Subscriptions;

/// <summary>Subscriptions over HTTP.</summary>
public sealed class SubscriptionFunctions(
    SubscriptionStore store, SubscriptionHealthStore health, SubscriptionEditor editor, SubscriptionLimit limit, EventCatalogue catalogue, DestinationGuard guard, TimeProvider time)
{
    private const string Collection = "api/organizations/{organizationId}/subscriptions";
    private const string Item = Collection + "/{id}";

    private static readonly TimeSpan s_defaultOverlap = TimeSpan.FromHours(24);
    private static readonly TimeSpan s_maxOverlap = TimeSpan.FromDays(30);

    [Function(nameof(CreateSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> CreateSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Collection)] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, cancellationToken);
        if (body.Problem is not null)
        {
            return body.Problem;
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        var fields = SubscriptionFields.ReadNew(body.Root, catalogue, guard, errors);
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var now = time.GetUtcNow();
        var subscription = new Subscription
        {
            OrganizationId = context.GetOrganization(),
            Id = SubscriptionId.New(time),
            Name = fields.Name!,
            Description = fields.Description,
            Url = fields.Url!,
            Token = fields.Token!,
            SigningSecrets = SigningSecrets.New(),
            Events = fields.Events!,
            IsActive = fields.IsActive ?? true,
            RateLimitPerSecond = fields.RateLimitPerSecond,
            CreatedAt = now,
            UpdatedAt = now,
        };
        var entry = SubscriptionAudit.Created(subscription, context.GetCaller()!.Actor);
        if (await limit.TryAddAsync(subscription.OrganizationId, () => store.AddAsync(subscription, entry, cancellationToken), cancellationToken) is not { } stored)
        {
            return Problem.Conflict($"The organization has {limit.Most} subscriptions, as many as it may. Delete one first.");
        }

        return ApiResult.Created(
            $"/api/organizations/{stored.OrganizationId}/subscriptions/{stored.Id}",
            SubscriptionResponse.Of(stored, SubscriptionHealth.Healthy) with { SigningSecret = stored.SigningSecrets.Current.Reveal() },
            SubscriptionJson.Default.SubscriptionResponse,
            EntityTag.Of(stored.ETag));
    }

    [Function(nameof(ListSubscriptions))]
    [Requires(Role.Read)]
    public async Task<IResult> ListSubscriptions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Collection)] HttpRequest request, FunctionContext context, CancellationToken cancellationToken)
    {
        var organization = context.GetOrganization();
        var errors = new FieldErrors();
        var query = new QueryReader(request, errors);
        var eventName = query.Text("event");
        var isActive = query.Boolean("isActive");
        var page = query.Page($"subscriptions/{organization}");
        query.Finish();
        if (eventName is not null and not ActiveSubscriptions.EveryEvent && !catalogue.Contains(eventName))
        {
            errors.Add("event", catalogue.Nearest(eventName) is { } nearest ? $"is no known event; did you mean '{nearest}'?" : "is no known event");
        }

        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var found = await store.ListAsync(organization, IsAskedFor, page, cancellationToken);
        var bodies = found.Items.Zip(await health.ListAsync(found.Items, cancellationToken), SubscriptionResponse.Of);
        return ApiResult.Ok(
            new ListPage<SubscriptionResponse>([.. bodies], found.ContinuationToken),
            SubscriptionJson.Default.ListPageSubscriptionResponse);

        bool IsAskedFor(Subscription subscription) =>
            (isActive is null || subscription.IsActive == isActive)
            && (eventName is null || subscription.Events.Any(name => name == eventName || name == ActiveSubscriptions.EveryEvent));
    }

    [Function(nameof(GetSubscription))]
    [Requires(Role.Read)]
    public async Task<IResult> GetSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Item)] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return NotFound();
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        return errors.Any ? errors.ToProblem() : await ShowAsync(subscription, cancellationToken);
    }

    [Function(nameof(ChangeSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> ChangeSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "patch", Route = Item)] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return NotFound();
        }

        var body = await JsonBody.ReadMergePatchAsync(request, cancellationToken);
        if (body.Problem is not null)
        {
            return body.Problem;
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        var ifMatch = IfMatch.Read(request, errors);
        var fields = SubscriptionFields.ReadPatch(body.Root, catalogue, guard, errors);
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var result = await editor.ChangeAsync(context.GetOrganization(), subscription.Id, fields, ifMatch, context.GetCaller()!.Actor, cancellationToken);
        return result.Outcome == EditOutcome.Done ? await ShowAsync(result.Subscription!, cancellationToken) : Refused(result.Outcome);
    }

    [Function(nameof(DeleteSubscription))]
    [Requires(Role.Manage)]
    public async Task<IResult> DeleteSubscription(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Item)] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return NotFound();
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        var ifMatch = IfMatch.Read(request, errors);
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var result = await editor.DeleteAsync(context.GetOrganization(), subscription.Id, ifMatch, context.GetCaller()!.Actor, cancellationToken);
        if (result.Outcome != EditOutcome.Done)
        {
            return Refused(result.Outcome);
        }

        limit.Deleted(context.GetOrganization());
        return ApiResult.NoContent();
    }

    [Function(nameof(RotateSecret))]
    [Requires(Role.Manage)]
    public async Task<IResult> RotateSecret(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Item + "/rotate-secret")] HttpRequest request,
        string id,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(context, id, cancellationToken) is not { } subscription)
        {
            return NotFound();
        }

        var body = await JsonBody.ReadOptionalAsync(request, cancellationToken);
        if (body.Problem is not null)
        {
            return body.Problem;
        }

        var errors = new FieldErrors();
        QueryReader.ExpectNone(request, errors);
        var ifMatch = IfMatch.Read(request, errors);
        var fields = new FieldReader(body.Root, errors);
        var overlap = fields.Duration("overlap", TimeSpan.Zero, s_maxOverlap) ?? s_defaultOverlap;
        fields.Finish();
        if (errors.Any)
        {
            return errors.ToProblem();
        }

        var result = await editor.RotateSecretAsync(context.GetOrganization(), subscription.Id, overlap, ifMatch, context.GetCaller()!.Actor, cancellationToken);
        return result is { Outcome: EditOutcome.Done, Subscription: { } rotated }
            ? ApiResult.Ok(
                new RotatedSecretResponse(rotated.SigningSecrets.Current.Reveal()), SubscriptionJson.Default.RotatedSecretResponse, EntityTag.Of(rotated.ETag))
            : Refused(result.Outcome);
    }

    private async Task<IResult> ShowAsync(Subscription subscription, CancellationToken cancellationToken) =>
        ApiResult.Ok(
            SubscriptionResponse.Of(subscription, await health.GetAsync(subscription.OrganizationId, subscription.Id, cancellationToken)),
            SubscriptionJson.Default.SubscriptionResponse,
            EntityTag.Of(subscription.ETag));

    private async Task<Subscription?> FindAsync(FunctionContext context, string id, CancellationToken cancellationToken) =>
        SubscriptionId.TryParse(id, out var known) ? await store.GetAsync(context.GetOrganization(), known, cancellationToken) : null;

    private static IResult Refused(EditOutcome outcome) => outcome switch
    {
        EditOutcome.Stale => Problem.PreconditionFailed(),
        EditOutcome.TokenNeeded => TokenNeeded(),
        EditOutcome.Contended => Problem.Conflict("Others change this subscription at the same time. Try again."),
        _ => NotFound(),
    };

    private static IResult TokenNeeded()
    {
        var errors = new FieldErrors();
        errors.Add("token", "must be given again, since the URL leads elsewhere: a token is sent nowhere but where it was given for");
        return errors.ToProblem();
    }

    private static IResult NotFound() => Problem.NotFound("There is no such subscription.");
}
