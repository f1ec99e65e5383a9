using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Hosting;

/// <summary>
/// The settings that this host makes up where the environment says nothing: the embedded store and broker, and secrets, which are
/// made once and kept in the data folder, readable by its owner alone.
/// </summary>
internal static class LocalSettings
{
    public const string AdminKey = "Access:AdminKey";
    public const string SecretKeys = "Secrets:Keys";
    public const string Tables = "Tables";

    /// <summary>Stands where a connection string would, if this host's own tables or queues are used.</summary>
    public const string Embedded = "Embedded=true";

    public const string FileName = "secrets.json";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="StartupException">The file of kept secrets can't be read or written.</exception>
    public static Dictionary<string, string?> For(string dataDirectory, IConfiguration environment)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (!environment.GetSection(Tables).Exists())
        {
            settings[Tables] = Embedded;
        }

        if (!environment.GetSection("ServiceBus").Exists())
        {
            settings["ServiceBus"] = Embedded;
        }

        var path = Path.Combine(dataDirectory, FileName);
        var kept = Read(path);
        var count = kept.Count;
        Keep(AdminKey, () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        Keep(SecretKeys, () => "local:" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        if (kept.Count > count)
        {
            Write(path, kept);
        }

        return settings;

        void Keep(string name, Func<string> make)
        {
            if (!environment.GetSection(name).Exists())
            {
                if (!kept.TryGetValue(name, out var value))
                {
                    kept[name] = value = make();
                }

                settings[name] = value;
            }
        }
    }

    private static SortedDictionary<string, string> Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllBytes(path)) ?? [] : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // The parser's message may quote the file, which holds secrets.
            throw new StartupException($"{path} can't be read: {(e is JsonException ? "it isn't the JSON expected" : e.Message)}.");
        }
    }

    private static void Write(string path, SortedDictionary<string, string> secrets)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            var temporary = path + ".new";
            File.Delete(temporary);
            using (var file = new FileStream(temporary, options))
            {
                JsonSerializer.Serialize(file, secrets);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} can't be written: {e.Message}");
        }
    }
}
