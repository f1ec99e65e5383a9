using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using EventSubscriptions.Access;
using LocalHost.Messaging;
using LocalHost.ServiceBus;
using LocalHost.Storage;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Triggers;

/// <summary>
/// Service Bus's REST operation to send a message: <c>POST /_servicebus/{queue}/messages</c>. The body is the message's; the header
/// <c>BrokerProperties</c> has its <c>MessageId</c> and <c>ScheduledEnqueueTimeUtc</c> as JSON; other headers whose value is a JSON string,
/// number or truth value are its properties. Needs the admin key, as bearer token or in <c>x-api-key</c>.
/// </summary>
/// <remarks>learn.microsoft.com/rest/api/servicebus/send-message-to-queue, …/message-headers-and-properties.</remarks>
internal static class ServiceBusRest
{
    public const string Route = "/_servicebus/{queue}/messages";

    private const string BrokerProperties = "BrokerProperties";
    private static readonly string TooLarge = $"A message has at most {MessageLimits.RestSize} bytes, properties included.";

    // What HTTP and those who pass it on say for themselves, and could be taken for a property.
    private static readonly string[] NotProperties =
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

    private static readonly string[] NotPropertyPrefixes = ["X-Forwarded-", "Sec-", "x-ms-"];

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
        if (!HasKey(request, adminKey))
        {
            return (StatusCodes.Status401Unauthorized, "The admin key is missing or wrong.");
        }

        if (!broker.TryGetEntity((string)request.RouteValues["queue"]!, out var entity))
        {
            return (StatusCodes.Status404NotFound, "Queue not found.");
        }

        if (await ReadBodyAsync(request) is not { } body)
        {
            return (StatusCodes.Status413PayloadTooLarge, TooLarge);
        }

        try
        {
            using var batch = new OutgoingBatch(MessageLimits.RestSize);
            if (!batch.TryAdd(Read(request, body).ToNewMessage()))
            {
                return (StatusCodes.Status413PayloadTooLarge, TooLarge);
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
            return (StatusCodes.Status400BadRequest, "BrokerProperties is not understood: " + exception.Message);
        }
        catch (StorageUnavailableException)
        {
            return (StatusCodes.Status503ServiceUnavailable, "The message could not be stored.");
        }
    }

    /// <summary>Whether the request came with the admin key.</summary>
    public static bool HasKey(HttpRequest request, string adminKey)
    {
        var given = RequestKey.Of(request) ?? "";
        // Hashes are equally long, so the time says nothing about the key's length either.
        return CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(adminKey))
        );
    }

    /// <summary>Null if it is longer than a message can be.</summary>
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
                !NotProperties.Contains(name, StringComparer.OrdinalIgnoreCase)
                && !NotPropertyPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                && PropertyValue(value.ToString()) is { } property
            )
            {
                message.ApplicationProperties[name] = property;
            }
        }
        return message;
    }

    // Those that are not used here are ignored, as the service ignores those that it doesn't know.
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
            // Another kind of value, or half of a surrogate pair.
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
            // No JSON, or half of a surrogate pair: the header of somebody else.
            return null;
        }
    }

    private static object Number(JsonElement value)
    {
        if (value.TryGetInt32(out var small))
        {
            return small;
        }

        if (value.TryGetInt64(out var large))
        {
            return large;
        }

        return value.GetDouble();
    }
}
