namespace OciImage.Registry;

/// <summary>Provides options for running credential helpers.</summary>
public sealed class CredentialHelperOptions
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(1);

    /// <summary>Gets or sets how long a helper may run; then it and the processes it started are ended.</summary>
    /// <value>The default value is 30 seconds.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero, negative, or more than a day.</exception>
    public TimeSpan Timeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LongestTimeout);
            field = value;
        }
    } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the variables that helpers see instead of this process's; <see langword="null"/> takes one away.</summary>
    /// <value>None by default: helpers see the environment of this process. Helpers are looked for in the <c>PATH</c> that they see.</value>
    public IDictionary<string, string?> Environment { get; } = new Dictionary<string, string?>(
        OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    internal CredentialHelperOptions Copy()
    {
        var copy = new CredentialHelperOptions { Timeout = Timeout };
        foreach ((string name, string? value) in Environment)
        {
            copy.Environment[name] = value;
        }

        return copy;
    }
}
