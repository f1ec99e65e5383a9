using System.Globalization;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using LocalHost.Messaging;
using LocalHost.ServiceBus;
using LocalHost.Storage;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Triggers;

/// <summary>
/// The REST operation of Service Bus to send a message: <c>POST /_servicebus/{queue}/messages</c>. The body is that of the message; the
/// header <c>BrokerProperties</c> contains <c>MessageId</c> and <c>ScheduledEnqueueTimeUtc</c> as JSON; other headers whose value is a JSON
/// string, number or boolean become application properties. Requires the admin key.
/// </summary>
/// <remarks>
/// https://learn.microsoft.com/rest/api/servicebus/send-message-to-queue,
/// https://learn.microsoft.com/rest/api/servicebus/message-headers-and-properties
/// </remarks>
internal static class ServiceBusRest
{
    public const string Route = "/_servicebus/{queue}/messages";

    private const string BrokerProperties = "BrokerProperties";
    private static readonly string s_tooLarge = $"A message must not exceed {MessageLimits.RestSize} bytes, properties included.";

    // Headers of HTTP and of proxies whose value could be a property.
    private static readonly string[] s_httpHeaders =
    [
        "Age",
        "Content-Length",
        "If-Match",
        "If-None-Match",
        "If-Range",
        "Keep-Alive",
        "Max-Forwards",
        "DNT",
        "Upgrade-Insecure-Requests",
        BrokerProperties,
    ];

    private static readonly string[] s_httpHeaderPrefixes = ["X-Forwarded-", "Sec-", "x-ms-"];

    public static async Task HandleAsync(HttpContext context, Broker broker, string adminKey)
    {
        var (status, text) = await SendAsync(context.Request, broker, adminKey);
        context.Response.StatusCode = status;
        if (text.Length > 0)
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(text, context.RequestAborted);
        }
    }

    private static async Task<(int Status, string Text)> SendAsync(HttpRequest request, Broker broker, string adminKey)
    {
        if (!AdminEndpoints.HasKey(request, adminKey))
        {
            return (StatusCodes.Status401Unauthorized, "The admin key is missing or invalid.");
        }

        if (!broker.TryGetEntity((string)request.RouteValues["queue"]!, out var entity))
        {
            return (StatusCodes.Status404NotFound, "Queue not found.");
        }

        if (await ReadBodyAsync(request) is not { } body)
        {
            return (StatusCodes.Status413PayloadTooLarge, s_tooLarge);
        }

        try
        {
            using var batch = new OutgoingBatch(MessageLimits.RestSize);
            if (!batch.TryAdd(Read(request, body).ToNewMessage()))
            {
                return (StatusCodes.Status413PayloadTooLarge, s_tooLarge);
            }

            await entity.SendAsync(batch);
            return (StatusCodes.Status201Created, "");
        }
        catch (MessageTooLargeException exception)
        {
            return (StatusCodes.Status413PayloadTooLarge, exception.Message);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or JsonException)
        {
            return (StatusCodes.Status400BadRequest, "BrokerProperties is not valid: " + exception.Message);
        }
        catch (StorageUnavailableException)
        {
            return (StatusCodes.Status503ServiceUnavailable, "The message could not be stored.");
        }
    }

    /// <returns>Null if the body is larger than a message may be.</returns>
    private static async Task<byte[]?> ReadBodyAsync(HttpRequest request)
    {
        if (request.ContentLength > MessageLimits.RestSize)
        {
            return null;
        }

        var buffer = new byte[(request.ContentLength ?? MessageLimits.RestSize) + 1];
        var length = await request.Body.ReadAtLeastAsync(
            buffer,
            buffer.Length,
            throwOnEndOfStream: false,
            request.HttpContext.RequestAborted
        );
        return length > MessageLimits.RestSize ? null : buffer[..length];
    }

    private static ServiceBusMessage Read(HttpRequest request, byte[] body)
    {
        var message = new ServiceBusMessage(body) { ContentType = request.ContentType };
        if (request.Headers[BrokerProperties].ToString() is { Length: > 0 } json)
        {
            ReadBrokerProperties(json, message);
        }

        foreach (var (name, value) in request.Headers)
        {
            if (
                !s_httpHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !s_httpHeaderPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                && PropertyValue(value.ToString()) is { } property
            )
            {
                message.ApplicationProperties[name] = property;
            }
        }

        return message;
    }

    // Ignores properties that are not used here, as Service Bus ignores unknown ones.
    private static void ReadBrokerProperties(string json, ServiceBusMessage message)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("it must be a JSON object.");
        }

        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.NameEquals("MessageId"))
            {
                message.MessageId = Text(property);
            }
            else if (property.NameEquals("ScheduledEnqueueTimeUtc"))
            {
                message.ScheduledEnqueueTime = DateTimeOffset.Parse(
                    Text(property).Trim(),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal
                );
            }
        }
    }

    private static string Text(JsonProperty property)
    {
        try
        {
            return property.Value.GetString() ?? throw new FormatException($"{property.Name} must be a string.");
        }
        catch (InvalidOperationException exception)
        {
            // Another JSON type, or an unpaired surrogate.
            throw new FormatException($"{property.Name} must be a string.", exception);
        }
    }

    private static object? PropertyValue(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var value = document.RootElement;
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Number => Number(value),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON, or an unpaired surrogate: not a property.
            return null;
        }
    }

    private static object Number(JsonElement value) =>
        value.TryGetInt32(out var small) ? (object)small
        : value.TryGetInt64(out var large) ? (object)large
        : value.GetDouble();
}
