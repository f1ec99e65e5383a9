using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace EventSubscriptions.Options;

/// <summary>
/// Reads settings and collects all errors by the setting's name, which is that of the environment variable, with <c>__</c> between
/// sections. Messages never contain values, since some are secret.
/// </summary>
public sealed class OptionsReader(IConfiguration configuration)
{
    private const string VaultReference = "@Microsoft.KeyVault(";

    private readonly List<string> _errors = [];

    /// <summary>One line each, starting with the setting's name.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>The text, or null if the setting is absent or empty.</summary>
    /// <remarks>
    /// An unresolved Key Vault reference is an error: the platform passes it on as it is, and it is not the secret (Azure App Service, "Use
    /// Key Vault references").
    /// </remarks>
    public string? Text(string name)
    {
        if (configuration[Key(name)] is not { Length: > 0 } text)
        {
            return null;
        }

        if (!text.StartsWith(VaultReference, StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        AddError(
            name,
            "refers to a Key Vault secret that can't be read: check that it exists, is enabled, and that the app's identity may read it"
        );
        return null;
    }

    /// <summary>The text of a required setting.</summary>
    public string? RequiredText(string name)
    {
        var text = Text(name);
        if (string.IsNullOrEmpty(configuration[Key(name)]))
        {
            AddError(name, "is required");
        }

        return text;
    }

    /// <summary>A whole number within inclusive bounds.</summary>
    public int Number(string name, int defaultValue, int min, int max)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= min
            && number <= max
        )
        {
            return number;
        }

        AddError(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}"));
        return defaultValue;
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Boolean(string name, bool defaultValue)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (bool.TryParse(text, out var value))
        {
            return value;
        }

        AddError(name, "must be true or false");
        return defaultValue;
    }

    /// <summary>A duration <c>[d.]hh:mm:ss[.fff]</c> within inclusive bounds.</summary>
    public TimeSpan Duration(string name, TimeSpan defaultValue, TimeSpan min, TimeSpan max)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (DurationText.TryParse(text, out var duration) && duration >= min && duration <= max)
        {
            return duration;
        }

        AddError(name, DurationText.Expected(min, max));
        return defaultValue;
    }

    /// <summary>Comma-separated durations, each within inclusive bounds.</summary>
    public IReadOnlyList<TimeSpan> Durations(string name, IReadOnlyList<TimeSpan> defaultValue, TimeSpan min, TimeSpan max, int maxCount)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        var durations = new List<TimeSpan>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!DurationText.TryParse(part, out var duration) || duration < min || duration > max)
            {
                AddError(
                    name,
                    $"must be comma-separated durations {DurationText.Format} from {min:c} to {max:c}; number {durations.Count + 1} is invalid"
                );
                return defaultValue;
            }

            durations.Add(duration);
        }

        if (durations.Count <= maxCount)
        {
            return durations;
        }

        AddError(name, $"may list at most {maxCount} durations");
        return defaultValue;
    }

    /// <summary>The names of a section's children, such as the indexes of a list.</summary>
    public IEnumerable<string> Names(string section) => configuration.GetSection(Key(section)).GetChildren().Select(child => child.Key);

    /// <summary>Reports every child of a section that is not known, since a misspelt one would be ignored.</summary>
    public void ExpectOnly(string section, params string[] known)
    {
        foreach (var name in Names(section).Except(known, StringComparer.OrdinalIgnoreCase))
        {
            AddError($"{section}__{name}", $"is unknown; {section} may have {string.Join(", ", known)}");
        }
    }

    public void AddError(string name, string message)
    {
        var error = $"{name} {message}";
        if (!_errors.Contains(error, StringComparer.Ordinal))
        {
            _errors.Add(error);
        }
    }

    private static string Key(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
}

/// <summary>Invalid settings. The message lists all errors.</summary>
public sealed class InvalidSettingsException(IReadOnlyList<string> errors) : OptionsValidationException("", typeof(OptionsReader), errors)
{
    public override string Message =>
        $"The settings are not valid:{string.Concat(Failures.Select(error => $"{Environment.NewLine}  {error}"))}";
}

public static class OptionsServices
{
    /// <summary>
    /// Adds a record of options that is read from the configuration on first use, and checked with all others by <see
    /// cref="CheckSettings"/>.
    /// </summary>
    public static IServiceCollection AddSettings<T>(this IServiceCollection services, Func<OptionsReader, T> read)
        where T : class
    {
        services.AddSingleton(new SettingsCheck(reader => read(reader)));
        services.AddSingleton(provider =>
        {
            var reader = new OptionsReader(provider.GetRequiredService<IConfiguration>());
            var options = read(reader);
            return reader.Errors.Count == 0 ? options : throw new InvalidSettingsException(reader.Errors);
        });
        return services;
    }

    /// <summary>Throws <see cref="InvalidSettingsException"/> with the errors of all settings, before anything starts.</summary>
    public static void CheckSettings(this IServiceProvider services)
    {
        var reader = new OptionsReader(services.GetRequiredService<IConfiguration>());
        foreach (var check in services.GetServices<SettingsCheck>())
        {
            check.Read(reader);
        }

        if (reader.Errors.Count > 0)
        {
            throw new InvalidSettingsException(reader.Errors);
        }
    }

    private sealed record SettingsCheck(Action<OptionsReader> Read);
}
