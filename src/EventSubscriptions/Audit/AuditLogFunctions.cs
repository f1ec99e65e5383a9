using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace EventSubscriptions.Audit;

/// <summary>Shows the audit log, newest first.</summary>
public sealed class AuditLogFunctions(AuditLog auditLog, IAuditOutbox outbox)
{
    [Function(nameof(ListAuditLog))]
    [Requires(Role.Read)]
    public async Task<IResult> ListAuditLog(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/organizations/{organizationId}/audit-logs")] HttpRequest request,
        FunctionContext context,
        CancellationToken cancellationToken)
    {
        var organization = context.GetOrganization();
        await outbox.DrainAsync(organization, cancellationToken);
        return await ListAsync(request, organization, cancellationToken);
    }

    [Function(nameof(ListSystemAuditLog))]
    [Requires(Role.Admin)]
    public async Task<IResult> ListSystemAuditLog(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/audit-logs")] HttpRequest request, FunctionContext context, CancellationToken cancellationToken) =>
        context.GetCaller()!.Sees(null)
            ? await ListAsync(request, null, cancellationToken)
            : Problem.Forbidden("The key is bound to an organization; these entries belong to none.");

    private async Task<IResult> ListAsync(HttpRequest request, OrganizationId? organization, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var query = new QueryReader(request, errors);
        var filter = new AuditFilter(query.TimeRange(), query.OneOf("type", AuditType.All), query.Text("subscriptionId"));
        if (filter.SubscriptionId is not null && !SubscriptionId.TryParse(filter.SubscriptionId, out _))
        {
            errors.Add("subscriptionId", "is not the id of a subscription");
        }

        var page = query.Page($"auditlog/{organization}");
        query.Finish();
        return errors.Any
            ? errors.ToProblem()
            : ApiResult.Ok(await auditLog.ListAsync(organization, filter, page, cancellationToken), AuditJson.Default.ListPageAuditEntryResponse);
    }
}
