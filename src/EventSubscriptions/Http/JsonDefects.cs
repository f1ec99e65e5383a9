using System.Text.Json;

namespace EventSubscriptions.Http;

/// <summary>Describes what is wrong with JSON that can't be parsed.</summary>
internal static class JsonDefects
{
    /// <summary>The deepest nesting that is accepted.</summary>
    public const int MaxDepth = 64;

    /// <summary>The first defect and its position, as a sentence.</summary>
    public static string Describe(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        var objects = new Stack<HashSet<string>>();
        try
        {
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
                    case JsonTokenType.PropertyName when reader.GetString()! is var name && !objects.Peek().Add(name):
                        return $"The member '{Shortened(name)}' appears twice in one object, the second time at {Place(utf8, reader.TokenStartIndex)}.";
                    default:
                        break;
                }
            }
        }
        catch (JsonException malformed)
        {
            var defect = IsTooDeep(reader, utf8) ? $"nested deeper than {MaxDepth} levels" : "not valid JSON";
            return $"The body is {defect}: line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}.";
        }

        return "The body is not valid JSON.";
    }

    /// <summary>Whether a reader stopped because of too many levels.</summary>
    public static bool IsTooDeep(in Utf8JsonReader reader, ReadOnlySpan<byte> utf8) =>
        reader.CurrentDepth + (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject ? 1 : 0) == MaxDepth
        && reader.BytesConsumed < utf8.Length
        && utf8[(int)reader.BytesConsumed] is (byte)'[' or (byte)'{';

    /// <summary>The position of a byte, for people.</summary>
    public static string Place(ReadOnlySpan<byte> utf8, long index)
    {
        var before = utf8[..(int)index];
        return $"line {before.Count((byte)'\n') + 1}, byte {before.Length - (before.LastIndexOf((byte)'\n') + 1) + 1}";
    }

    private static string Shortened(string name) => name.Length <= 64 ? name : $"{name[..64]}…";
}
