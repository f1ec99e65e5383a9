using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events;

/// <summary>
/// The body that receivers get: <c>{"eventName":…,"organizationId":…,"data":{…}}</c> as compact UTF-8, with <c>data</c> byte for byte as
/// published. It is composed once; these bytes are queued, archived, signed and sent.
/// </summary>
public static class EventPayload
{
    /// <summary>The largest payload in bytes: 192 KiB, which leaves a quarter of a message for its properties.</summary>
    public const int MaxBytes = 192 * 1024;

    /// <summary>Deeper than any request or message may be.</summary>
    private const int MaxDepth = 256;

    /// <summary>Quotes, and each character as an escape.</summary>
    private const int LongestRawName = 2 + (6 * EventName.MaxLength);

    private const int LongestNumber = 10;

    private static ReadOnlySpan<byte> BeforeName => "{\"eventName\":"u8;

    private static ReadOnlySpan<byte> BeforeOrganization => ",\"organizationId\":"u8;

    private static ReadOnlySpan<byte> BeforeData => ",\"data\":"u8;

    /// <summary>Composes the payload of an event. The size is not checked.</summary>
    public static ReadOnlyMemory<byte> Compose(EventName eventName, OrganizationId organization, JsonElement data)
    {
        var name = JsonEncodedText.Encode(eventName.ToString(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
        var rawData = JsonMarshal.GetRawUtf8Value(data);
        var buffer = new byte[
            BeforeName.Length + name.Length + 2 + BeforeOrganization.Length + LongestNumber + BeforeData.Length + rawData.Length + 1
        ];
        var writer = new SpanWriter(buffer);
        writer.Write(BeforeName);
        writer.Write("\""u8);
        writer.Write(name);
        writer.Write("\""u8);
        writer.Write(organization, rawData);
        return buffer.AsMemory(0, writer.Written);
    }

    /// <summary>The <c>data</c> of a payload that was composed here; empty for anything else.</summary>
    public static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> payload)
    {
        var start = payload.IndexOf(BeforeData);
        return start < 0 ? [] : payload[(start + BeforeData.Length)..^1];
    }

    /// <summary>Parses a payload that was composed here.</summary>
    public static JsonElement Parse(ReadOnlyMemory<byte> payload)
    {
        var reader = new Utf8JsonReader(payload.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        return JsonElement.ParseValue(ref reader);
    }

    /// <summary>Composes the payload from parts of JSON. If the JSON already is the payload, it is returned without a copy.</summary>
    internal static ReadOnlyMemory<byte> Compose(ReadOnlyMemory<byte> json, Range rawName, OrganizationId organization, Range rawData)
    {
        var name = json.Span[rawName];
        var data = json.Span[rawData];
        Span<byte> head =
            stackalloc byte[BeforeName.Length + LongestRawName + BeforeOrganization.Length + LongestNumber + BeforeData.Length];
        var writer = new SpanWriter(head);
        writer.Write(BeforeName);
        writer.Write(name);
        writer.Write(organization);
        head = head[..writer.Written];

        var length = head.Length + data.Length + 1;
        if (json.Length == length && json.Span.StartsWith(head) && rawData.Start.Value == head.Length)
        {
            return json;
        }

        var buffer = new byte[length];
        head.CopyTo(buffer);
        data.CopyTo(buffer.AsSpan(head.Length));
        buffer[^1] = (byte)'}';
        return buffer;
    }

    private ref struct SpanWriter(Span<byte> target)
    {
        private readonly Span<byte> _target = target;

        public int Written { get; private set; }

        public void Write(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_target[Written..]);
            Written += bytes.Length;
        }

        public void Write(OrganizationId organization)
        {
            Write(BeforeOrganization);
            Utf8Formatter.TryFormat(organization.Value, _target[Written..], out var digits);
            Written += digits;
            Write(BeforeData);
        }

        public void Write(OrganizationId organization, scoped ReadOnlySpan<byte> rawData)
        {
            Write(organization);
            Write(rawData);
            Write("}"u8);
        }
    }
}
