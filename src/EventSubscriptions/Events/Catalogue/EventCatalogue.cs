using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Http;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>
/// The known event types. The built-in ones have one JSON file each in the folder <c>Catalogue</c>: add a file to add one. Custom ones are
/// in the table <c>eventtypes</c>.
/// </summary>
public sealed class EventCatalogue
{
    private const string ResourcePrefix = "Catalogue/";

    private readonly FrozenDictionary<string, EventType> _types;

    private StaticContentResult? _result;

    private EventCatalogue(List<EventType> types)
    {
        types.Sort((left, right) => string.CompareOrdinal(left.Name.ToString(), right.Name.ToString()));
        All = types;
        _types = types.ToFrozenDictionary(type => type.Name.ToString(), StringComparer.Ordinal);
        Document = EventTypeDocument.WriteList(types);
    }

    /// <summary>Every event type, by name.</summary>
    public IReadOnlyList<EventType> All { get; }

    /// <summary>The response of <c>GET /api/event-types</c>.</summary>
    internal ReadOnlyMemory<byte> Document { get; }

    internal StaticContentResult Result => _result ??= new StaticContentResult(Document);

    /// <summary>Loads the embedded catalogue. An invalid file throws <see cref="InvalidDataException"/> with its name.</summary>
    public static EventCatalogue Load()
    {
        var assembly = typeof(EventCatalogue).Assembly;
        return Read(
            assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
                .Select(name =>
                {
                    using var stream = assembly.GetManifestResourceStream(name)!;
                    var content = new byte[stream.Length];
                    stream.ReadExactly(content);
                    return (name[ResourcePrefix.Length..], content);
                })
        );
    }

    /// <summary>This catalogue and custom event types. A built-in one of the same name wins.</summary>
    internal EventCatalogue With(IReadOnlyCollection<EventType> custom) =>
        custom.Count == 0 ? this : new EventCatalogue([.. All, .. custom.Where(type => !Contains(type.Name.ToString()))]);

    /// <summary>Whether an event type has this name.</summary>
    public bool Contains(string name) => _types.ContainsKey(name);

    /// <summary>The category of an event, or null if its type is not known.</summary>
    public string? CategoryOf(string name) => _types.TryGetValue(name, out var type) ? type.Category : null;

    /// <summary>Finds an event type.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out EventType? type) => _types.TryGetValue(name, out type);

    /// <summary>The known name that a misspelt one probably means, or null.</summary>
    public string? Nearest(string name) => NearestName.Find(name, All.Select(type => type.Name.ToString()));

    /// <summary>The error for an unknown name, as the rest of a sentence that starts with the field.</summary>
    public string UnknownName(string name) =>
        Nearest(name) is { } nearest
            ? $"is not a known event type; did you mean '{nearest}'?"
            : "is not a known event type; GET /api/event-types lists them";

    internal static EventCatalogue Read(IEnumerable<(string FileName, byte[] Content)> files) =>
        new([.. files.Select(file => ReadFile(file.FileName, file.Content))]);

    private static EventType ReadFile(string fileName, byte[] content)
    {
        CatalogueFile file;
        try
        {
            file = JsonSerializer.Deserialize(content, CatalogueJsonContext.Default.CatalogueFile) ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw Malformed(fileName, exception.Message, exception);
        }

        // Names are unique because each is the name of its file.
        if (!EventName.TryParse(file.Name, out var name) || fileName != file.Name + ".json")
        {
            throw Malformed(fileName, $"its event type is named {file.Name}");
        }

        if (file.Source is not ("air" or "relay" or "system"))
        {
            throw Malformed(fileName, "its source must be air, relay or system");
        }

        if (
            string.IsNullOrWhiteSpace(file.Category)
            || string.IsNullOrWhiteSpace(file.Description)
            || file.Example.ValueKind != JsonValueKind.Object
        )
        {
            throw Malformed(fileName, "a category, a description and an example are required");
        }

        var parameters = file
            .Parameters.Select(parameter =>
                ParameterType.TryParse(parameter.Type, out var type)
                    ? new EventParameter(parameter.Name, type, parameter.Description, IsRequired: !type.AllowsNull)
                    : throw Malformed(fileName, $"{parameter.Name} has the unknown type {parameter.Type}")
            )
            .ToArray();
        if (parameters.DistinctBy(parameter => parameter.Name, StringComparer.Ordinal).Count() != parameters.Length)
        {
            throw Malformed(fileName, "a parameter is repeated");
        }

        var eventType = new EventType(name, file.Source, file.Category, file.Description, parameters, file.Example);
        return eventType.Check(file.Example).FirstOrDefault() is (not null, var problem) wrong
            ? throw Malformed(fileName, $"the example's {wrong.Parameter} {problem}")
            : eventType;
    }

    private static InvalidDataException Malformed(string fileName, string problem, Exception? cause = null) =>
        new($"The catalogue file {fileName} is not valid: {problem}.", cause);
}

/// <summary>A file of the catalogue.</summary>
internal sealed record CatalogueFile(
    string Name,
    string Source,
    string Category,
    string Description,
    IReadOnlyList<CatalogueParameter> Parameters,
    JsonElement Example
);

internal sealed record CatalogueParameter(string Name, string Type, string Description);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(CatalogueFile))]
internal sealed partial class CatalogueJsonContext : JsonSerializerContext;
