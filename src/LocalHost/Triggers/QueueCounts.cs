using LocalHost.Hosting;
using LocalHost.Messaging;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Triggers;

/// <summary><c>GET /_servicebus</c>: the number of messages in each queue. Requires the admin key.</summary>
internal static class QueueCounts
{
    public const string Route = "/_servicebus";

    public static async Task HandleAsync(HttpContext context, Broker broker, string adminKey)
    {
        if (!AdminEndpoints.HasKey(context.Request, adminKey))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        await context.Response.WriteAsJsonAsync(new { queues = broker.Entities.Select(Count) }, context.RequestAborted);
    }

    private static object Count(BrokerEntity entity)
    {
        var (active, scheduled, deadLetters) = entity.Count();
        return new
        {
            name = entity.Definition.Name,
            active,
            scheduled,
            deadLetters,
        };
    }
}
