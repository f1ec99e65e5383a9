using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Audit;

/// <summary>Lists the audit log, newest first.</summary>
public sealed class AuditLogFunctions(AuditLog auditLog, IAuditOutbox outbox)
{
    [Function(nameof(ListAuditLog))]
    [Requires(Role.Read)]
    public async Task<IResult> ListAuditLog(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/organizations/{organizationId}/audit-logs")]
            HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        await outbox.DrainAsync(request.Organization, cancellationToken);
        return await ListAsync(request, request.Organization, cancellationToken);
    }

    [Function(nameof(ListSystemAuditLog))]
    [Requires(Role.Admin)]
    public async Task<IResult> ListSystemAuditLog(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/audit-logs")] HttpRequest http,
        FunctionContext context,
        CancellationToken cancellationToken
    )
    {
        var request = ApiRequest.Of(http, context);
        return request.Caller.Sees(null)
            ? await ListAsync(request, null, cancellationToken)
            : request.Forbidden("The key is bound to an organization; these entries belong to none.");
    }

    private async Task<IResult> ListAsync(ApiRequest request, OrganizationId? organization, CancellationToken cancellationToken)
    {
        var query = request.Query;
        var filter = new AuditFilter(query.TimeRange(), query.OneOf<AuditType>("type"), query.Text("subscriptionId"));
        if (filter.SubscriptionId is not null && !SubscriptionId.TryParse(filter.SubscriptionId, out _))
        {
            request.Errors.Add("subscriptionId", "is not the id of a subscription");
        }

        var page = query.Page($"auditlog/{organization}");
        return request.Validate()
            ?? await request.ListAsync(
                page,
                (part, cancel) => auditLog.ListAsync(organization, filter, part, cancel),
                AuditJson.Default.AuditEntryResponse,
                AuditJson.Default.ListPageAuditEntryResponse,
                cancellationToken
            );
    }
}
