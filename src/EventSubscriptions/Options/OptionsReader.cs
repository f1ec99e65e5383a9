using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace EventSubscriptions.Options;

/// <summary>
/// Reads settings and notes every mistake by the setting's name. Names are those of the environment variables, with <c>__</c> between
/// sections. No message repeats a value: some are secret.
/// </summary>
public sealed class OptionsReader(IConfiguration configuration)
{
    private const string VaultReference = "@Microsoft.KeyVault(";

    private readonly List<string> _mistakes = [];

    /// <summary>One line each, beginning with the setting's name.</summary>
    public IReadOnlyList<string> Errors => _mistakes;

    /// <summary>The text, or null where the setting is absent or empty.</summary>
    /// <remarks>
    /// A reference to a key vault that could not be resolved is a mistake: the platform hands on the reference as it stands, and that is no secret
    /// (Azure App Service, "Use Key Vault references").
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

        AddError(name, "refers to a secret in a key vault that can't be read: is it there and enabled, and may the app's identity read it?");
        return null;
    }

    /// <summary>The text of a setting that must be there.</summary>
    public string? RequiredText(string name)
    {
        var text = Text(name);
        if (string.IsNullOrEmpty(configuration[Key(name)]))
        {
            AddError(name, "is required");
        }

        return text;
    }

    /// <summary>A whole number within bounds, both included.</summary>
    public int Number(string name, int defaultValue, int min, int max)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
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

    /// <summary>A duration <c>[d.]hh:mm:ss[.fff]</c> within bounds, both included.</summary>
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

    /// <summary>Durations with commas between them, each within bounds, both included, and at most so many.</summary>
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
                AddError(name, $"must be durations {DurationText.Format} from {min:c} to {max:c} with commas between them; number {durations.Count + 1} isn't");
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

    /// <summary>The names of a section's members, such as the numbers of a list.</summary>
    public IEnumerable<string> Names(string section) => configuration.GetSection(Key(section)).GetChildren().Select(child => child.Key);

    /// <summary>Notes every member of a section that isn't one of those that it may have: a misspelt one would be overlooked.</summary>
    public void ExpectOnly(string section, params string[] known)
    {
        foreach (var name in Names(section).Except(known, StringComparer.OrdinalIgnoreCase))
        {
            AddError($"{section}__{name}", $"is unknown; {section} may have {string.Join(", ", known)}");
        }
    }

    /// <summary>Notes a mistake.</summary>
    public void AddError(string name, string message)
    {
        var mistake = $"{name} {message}";
        if (!_mistakes.Contains(mistake, StringComparer.Ordinal))
        {
            _mistakes.Add(mistake);
        }
    }

    private static string Key(string name) => name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
}

/// <summary>Settings that don't make sense. The message lists every mistake.</summary>
public sealed class InvalidSettingsException(IReadOnlyList<string> mistakes) : OptionsValidationException("", typeof(OptionsReader), mistakes)
{
    public override string Message => $"The settings are not valid:{string.Concat(Failures.Select(mistake => $"{Environment.NewLine}  {mistake}"))}";
}

/// <summary>Registration of options.</summary>
public static class OptionsServices
{
    /// <summary>Makes a record of options that is read from the configuration on first use, and checked together with all others by <see cref="CheckSettings"/>.</summary>
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

    /// <summary>Throws <see cref="InvalidSettingsException"/> with every mistake in every option record, before anything has started.</summary>
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
