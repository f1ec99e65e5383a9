using System.Text.Json;

namespace EventSubscriptions.Http;

/// <summary>What the grammar of JSON allows and a reader can't use: members given twice, and escapes that are no Unicode text.</summary>
internal static class JsonDefects
{
    /// <summary>Says what and where the first defect is, or returns null. Throws <see cref="JsonException"/> where the text isn't JSON.</summary>
    public static string? Find(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        var objects = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    objects.Push(new HashSet<string>(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    objects.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    if (Text(ref reader) is not { } name)
                    {
                        return $"A member's name at {Place(utf8, reader.TokenStartIndex)} is not Unicode text: half of a surrogate pair is missing.";
                    }

                    if (!objects.Peek().Add(name))
                    {
                        return $"The member '{Shortened(name)}' is given twice in one object, the second time at {Place(utf8, reader.TokenStartIndex)}.";
                    }

                    break;
                case JsonTokenType.String when reader.ValueIsEscaped && Text(ref reader) is null:
                    return $"The text at {Place(utf8, reader.TokenStartIndex)} is not Unicode: half of a surrogate pair is missing.";
                default:
                    break;
            }
        }

        return null;
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Shortened(string name) => name.Length <= 64 ? name : $"{name[..64]}…";

    private static string Place(ReadOnlySpan<byte> utf8, long index)
    {
        var before = utf8[..(int)index];
        return $"line {before.Count((byte)'\n') + 1}, byte {before.Length - (before.LastIndexOf((byte)'\n') + 1) + 1}";
    }
}
