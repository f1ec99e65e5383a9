using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventSubscriptions.Http;

namespace EventSubscriptions.Events.Catalogue;

/// <summary>The events that are known: one JSON file each in the folder <c>Catalogue</c>. A new file is a new event.</summary>
public sealed class EventCatalogue
{
    private const string ResourcePrefix = "Catalogue/";

    private readonly FrozenDictionary<string, EventType> _types;

    private EventCatalogue(List<EventType> types)
    {
        All = types;
        _types = types.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);
        Document = EventTypeDocument.WriteList(types);
    }

    /// <summary>Every event type, by name.</summary>
    public IReadOnlyList<EventType> All { get; }

    /// <summary>The list as JSON, as <c>GET /api/event-types</c> answers it.</summary>
    internal ReadOnlyMemory<byte> Document { get; }

    /// <summary>Reads the catalogue that is built into the program. A file that is not as it should be throws <see cref="InvalidDataException"/> with its name.</summary>
    public static EventCatalogue Load()
    {
        var assembly = typeof(EventCatalogue).Assembly;
        return Read(assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Select(name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var content = new byte[stream.Length];
                stream.ReadExactly(content);
                return (name[ResourcePrefix.Length..], content);
            }));
    }

    /// <summary>Whether the name is an event's.</summary>
    public bool Contains(string name) => _types.ContainsKey(name);

    /// <summary>Finds an event type.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out EventType? type) => _types.TryGetValue(name, out type);

    /// <summary>The known name that a misspelt one was probably meant to be, or null where none is near.</summary>
    public string? Nearest(string name) => NearestName.Find(name, All.Select(type => type.Name));

    /// <summary>What to say of a name that is not in the catalogue, as the rest of a sentence that begins with the field.</summary>
    public string UnknownName(string name) =>
        Nearest(name) is { } nearest ? $"is not a known event type; did you mean '{nearest}'?" : "is not a known event type; GET /api/event-types lists them";

    internal static EventCatalogue Read(IEnumerable<(string FileName, byte[] Content)> files)
    {
        var types = files.Select(file => ReadFile(file.FileName, file.Content)).ToList();
        types.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return new EventCatalogue(types);
    }

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

        // The file system keeps the names unique because each is its file's.
        if (fileName != file.Name + ".json")
        {
            throw Malformed(fileName, $"its event is called {file.Name}");
        }

        if (file.Source is not ("air" or "relay"))
        {
            throw Malformed(fileName, "its source is neither air nor relay");
        }

        if (string.IsNullOrWhiteSpace(file.Category) || string.IsNullOrWhiteSpace(file.Description) || file.Example.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(fileName, "it lacks a category, a description or an example");
        }

        var parameters = file.Parameters.Select(parameter => ParameterType.TryParse(parameter.Type, out var type)
            ? new EventParameter(parameter.Name, type, parameter.Description)
            : throw Malformed(fileName, $"{parameter.Name} has the unknown type {parameter.Type}")).ToArray();
        if (parameters.DistinctBy(parameter => parameter.Name, StringComparer.Ordinal).Count() != parameters.Length)
        {
            throw Malformed(fileName, "it has a parameter twice");
        }

        var eventType = new EventType(file, parameters);
        return eventType.Check(file.Example).FirstOrDefault() is (not null, var problem) wrong
            ? throw Malformed(fileName, $"in its example {wrong.Parameter} {problem}")
            : eventType;
    }

    private static InvalidDataException Malformed(string fileName, string problem, Exception? cause = null) =>
        new($"The catalogue file {fileName} can't be used: {problem}.", cause);
}

/// <summary>A file of the catalogue.</summary>
internal sealed record CatalogueFile(
    string Name, string Source, string Category, string Description, IReadOnlyList<CatalogueParameter> Parameters, JsonElement Example);

internal sealed record CatalogueParameter(string Name, string Type, string Description);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(CatalogueFile))]
internal sealed partial class CatalogueJsonContext : JsonSerializerContext;
