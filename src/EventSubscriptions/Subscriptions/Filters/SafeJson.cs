using System.Text.Json;

namespace EventSubscriptions.Subscriptions.Filters;

/// <summary>
/// Reads payloads whose texts may have escapes of lone surrogates, such as <c>"\ud800"</c>: JSON allows them, but no .NET string does. They
/// equal no text.
/// </summary>
internal static class SafeJson
{
    /// <summary>The text of a string; null if it is not a valid string.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The member of an object; null if there is none, or if it is not an object.</summary>
    public static JsonElement? MemberOf(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        try
        {
            return value.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return FindMember(value, name);
        }
    }

    /// <summary>The same without the names that are not valid.</summary>
    private static JsonElement? FindMember(JsonElement value, string name)
    {
        JsonElement? found = null;
        foreach (var member in value.EnumerateObject())
        {
            try
            {
                found = member.NameEquals(name) ? member.Value : found;
            }
            catch (InvalidOperationException)
            {
                // It equals no text.
            }
        }

        return found;
    }
}
