using System.Text;
using EventSubscriptions.Events;

namespace EventSubscriptions.Deliveries.Sending;

/// <summary>
/// Removes the data of an event from a response that repeats it: snippets are shown to callers who may not read payloads, and outlive the
/// removal of a payload.
/// </summary>
internal static class PayloadEcho
{
    /// <summary>Shorter data has no content worth removing.</summary>
    private const int MinLength = 8;

    private const int HeadLength = 24;

    private static ReadOnlySpan<byte> Mask => "***"u8;

    /// <summary>Replaces each repetition, verbatim or escaped within a JSON string, by <c>***</c>. Returns the new length.</summary>
    /// <param name="response">The response. One that ends in the middle of the data repeats it, too.</param>
    /// <param name="payload">The payload of the event.</param>
    /// <param name="body">What was sent: the payload, or what a format made of it.</param>
    public static int Remove(Span<byte> response, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> body)
    {
        var length = RemoveText(response, EventPayload.DataOf(payload));
        return body == payload ? length : RemoveText(response[..length], body);
    }

    private static int RemoveText(Span<byte> response, ReadOnlySpan<byte> data)
    {
        if (data.Length < MinLength || response.Length < MinLength)
        {
            return response.Length;
        }

        var length = RemoveAll(response, data);
        if (response[..length].IndexOf("\\\""u8) >= 0)
        {
            var escaped = Encoding.UTF8.GetString(data).Replace("\\", "\\\\", StringComparison.Ordinal);
            length = RemoveAll(response[..length], Encoding.UTF8.GetBytes(escaped.Replace("\"", "\\\"", StringComparison.Ordinal)));
        }

        return length;
    }

    private static int RemoveAll(Span<byte> response, ReadOnlySpan<byte> data)
    {
        var head = data[..Math.Min(HeadLength, data.Length)];
        var length = response.Length;
        for (var from = 0; response[from..length].IndexOf(head) is >= 0 and var found; )
        {
            var at = from + found;
            var repeated = response[at..length].CommonPrefixLength(data);
            if (repeated < data.Length && at + repeated < length)
            {
                from = at + 1;
                continue;
            }

            Mask.CopyTo(response[at..]);
            response[(at + repeated)..length].CopyTo(response[(at + Mask.Length)..]);
            length -= repeated - Mask.Length;
            from = at + Mask.Length;
        }

        return length;
    }
}
