using System.Net.Http.Headers;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The body of a request.</summary>
public readonly record struct RequestBody(ReadOnlyMemory<byte> Bytes, MediaTypeHeaderValue ContentType)
{
    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    /// <summary>The payload as it was published.</summary>
    public static RequestBody Of(ReadOnlyMemory<byte> payload) => new(payload, s_json);
}
