using System.Diagnostics.CodeAnalysis;

namespace LocalHost.Storage;

/// <summary>One of <c>Secrets__Keys</c>: 256 bits, and the id that stands beside what they encrypted.</summary>
internal sealed class MessageKey(string id, ReadOnlyMemory<byte> bytes)
{
    public const int Length = 32;

    /// <summary>Known to everybody, so it protects nothing: for folders that hold nothing secret, as those of tests.</summary>
    public static MessageKey Unprotected { get; } = new("unprotected", new byte[Length]);

    public string Id { get; } = id;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>Reads <c>id:base64</c> pairs with commas between them. What is malformed is left out: the app's validation of settings reports it.</summary>
    public static IReadOnlyList<MessageKey> ParseAll(string? text)
    {
        var keys = new List<MessageKey>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (TryParse(part, out var key))
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    private static bool TryParse(string text, [NotNullWhen(true)] out MessageKey? key)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var bytes = new byte[Length];
        key = colon > 0 && Convert.TryFromBase64Chars(text.AsSpan(colon + 1), bytes, out var length) && length == Length
            ? new MessageKey(text[..colon], bytes)
            : null;
        return key is not null;
    }
}
