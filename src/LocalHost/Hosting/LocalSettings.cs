using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Hosting;

/// <summary>
/// The settings that this host provides if the environment doesn't: the embedded store and broker, and secrets, which are generated once
/// and kept in the data folder, readable by its owner only.
/// </summary>
internal static class LocalSettings
{
    public const string AdminKey = "Access:AdminKey";
    public const string SecretKeys = "Secrets:Keys";
    public const string Tables = "Tables";

    /// <summary>Replaces a connection string if this host's own tables or queues are used.</summary>
    public const string Embedded = "Embedded=true";

    public const string FileName = "secrets.json";

    private const int KeyIdLength = 4;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <param name="dataDirectory">The data folder.</param>
    /// <param name="environment">The settings of the environment.</param>
    /// <param name="hasData">Whether the folder has data, which only the keys that encrypted it can read.</param>
    /// <exception cref="StartupException">The file of secrets can't be read or written, or it is missing while there is data.</exception>
    public static LocalSettingsResult For(string dataDirectory, IConfiguration environment, bool hasData)
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
        var madeAdminKey = !kept.ContainsKey(AdminKey) && !environment.GetSection(AdminKey).Exists();
        var count = kept.Count;
        Keep(SecretKeys, MakeSecretKey);
        Keep(AdminKey, () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        if (kept.Count > count)
        {
            Write(path, kept);
        }

        return new(settings, madeAdminKey);

        // A random id, so that a key that is found again later can be used next to this one.
        string MakeSecretKey() =>
            hasData
                ? throw new StartupException(
                    $"The data in {dataDirectory} was encrypted with a key that is neither in {FileName} nor in Secrets__Keys. "
                        + $"Restore {path} from a backup of the folder, or choose another folder with --data."
                )
                : $"local-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyIdLength))}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

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
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            // The parser's message may quote the file, which contains secrets.
            throw new StartupException(
                $"{path} can't be read: {(exception is JsonException ? "it is not the expected JSON" : exception.Message)}."
            );
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} can't be written: {exception.Message}");
        }
    }
}

/// <param name="Settings">The settings that the environment doesn't have.</param>
/// <param name="MadeAdminKey">Whether this call generated the admin key.</param>
internal sealed record LocalSettingsResult(Dictionary<string, string?> Settings, bool MadeAdminKey);
