using System.Buffers;
using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Http;
using LocalHost.Tables;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>What must hold for everything that a reader accepts or refuses.</summary>
internal static class Checks
{
    public static TableEntity Fits(TableEntity row)
    {
        Assert.Null(EntityLimits.CheckKeys(row));
        Assert.Null(EntityLimits.CheckProperties(row));
        return row;
    }

    public static JsonElement? Parsed(byte[] bytes) => JsonBody.Parse(bytes) is { Problem: null } body ? body.Root : null;

    /// <summary>The names of fields are the caller's own.</summary>
    public static void Written(FieldErrors errors)
    {
        foreach (var (field, messages) in errors.ByField())
        {
            Written(JsonSerializer.SerializeToElement(messages.Append(field)));
        }
    }

    public static void Written(JsonElement element)
    {
        using var writer = new Utf8JsonWriter(new ArrayBufferWriter<byte>(), ApiJson.Writing);
        element.WriteTo(writer);
    }
}
