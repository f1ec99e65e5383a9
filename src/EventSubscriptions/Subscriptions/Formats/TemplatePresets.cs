using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using EventSubscriptions.Http;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>
/// The templates for known receivers. Each has two files in the folder <c>Presets</c>: the template, and what people need to know to use
/// it.
/// </summary>
internal static class TemplatePresets
{
    private const string ResourcePrefix = "Presets/";
    private const string BodySuffix = ".liquid";

    private static readonly FrozenDictionary<string, TemplatePreset> s_presets = typeof(TemplatePresets)
        .Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal) && name.EndsWith(BodySuffix, StringComparison.Ordinal))
        .Select(name => name[ResourcePrefix.Length..^BodySuffix.Length])
        .Select(name => new TemplatePreset(name, Load(name + BodySuffix), JsonElement.Parse(Load(name + ".json"))))
        .ToFrozenDictionary(preset => preset.Name, StringComparer.Ordinal);

    /// <summary>Their names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_presets.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The response of <c>GET /api/templates</c>.</summary>
    public static StaticContentResult Result { get; } = new(WriteList());

    public static TemplatePreset? Find(string name) => s_presets.GetValueOrDefault(name);

    private static string Load(string file)
    {
        using var reader = new StreamReader(typeof(TemplatePresets).Assembly.GetManifestResourceStream(ResourcePrefix + file)!);
        return reader.ReadToEnd();
    }

    private static ReadOnlyMemory<byte> WriteList()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var name in Names)
            {
                writer.WriteStartObject();
                writer.WriteString("name", name);
                foreach (var member in s_presets[name].Description.EnumerateObject())
                {
                    member.WriteTo(writer);
                }

                writer.WriteString("contentType", TemplateContentType.Json.ToString());
                writer.WriteString("body", s_presets[name].Body);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNull("continuationToken");
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}

/// <summary>A template for a known receiver.</summary>
/// <param name="Name">Its name in the API.</param>
/// <param name="Body">The template.</param>
/// <param name="Description">What people need to know: its title, an example of a URL, the authentication, the names of secrets.</param>
internal sealed record TemplatePreset(string Name, string Body, JsonElement Description);
