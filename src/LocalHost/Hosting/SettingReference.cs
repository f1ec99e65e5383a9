using Microsoft.Extensions.Configuration;

namespace LocalHost.Hosting;

/// <summary>Replaces <c>%Name%</c> in the attribute of a trigger by the setting with that name.</summary>
internal static class SettingReference
{
    /// <exception cref="StartupException">A setting is absent or empty.</exception>
    public static string Resolve(string text, string function, IConfiguration settings)
    {
        // Every second part is between two percent signs; the last is plain text if its second sign is missing.
        var parts = text.Split('%');
        for (var i = 1; i < parts.Length - 1; i += 2)
        {
            var value = settings[parts[i]];
            parts[i] = string.IsNullOrEmpty(value)
                ? throw new StartupException($"{function}: its trigger refers to the setting {parts[i]}, which has no value.")
                : value;
        }

        return parts.Length % 2 == 1 ? string.Concat(parts) : string.Concat(parts[..^1]) + '%' + parts[^1];
    }
}
