namespace OciImage.Server;

/// <summary>Provides options for a registry.</summary>
public sealed class RegistryServerOptions
{
    /// <summary>Initializes a new instance with the defaults.</summary>
    public RegistryServerOptions()
    {
    }

    internal RegistryServerOptions(RegistryServerOptions other)
    {
        ReadOnly = other.ReadOnly;
        MaxManifestSize = other.MaxManifestSize;
        MaxBlobSize = other.MaxBlobSize;
        MaxUploads = other.MaxUploads;
        UploadTimeout = other.UploadTimeout;
        Authorize = other.Authorize;
        Realm = other.Realm;
        TimeProvider = other.TimeProvider;
        BusyUploadWait = other.BusyUploadWait;
    }

    /// <summary>Gets or sets whether every change is refused.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool ReadOnly { get; set; }

    /// <summary>Gets or sets the greatest size of a manifest that is taken in, in bytes.</summary>
    /// <value>The default value is 4 MiB, which every registry should take.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxManifestSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DocumentOptions.DefaultMaxSize;

    /// <summary>Gets or sets the greatest size of a blob that is taken in, in bytes.</summary>
    /// <value>The default value is <see cref="long.MaxValue"/>: what the store can hold.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long MaxBlobSize
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = long.MaxValue;

    /// <summary>Gets or sets how many uploads may be under way at once; more are told to come back later.</summary>
    /// <value>The default value is 1000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxUploads
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 1000;

    /// <summary>Gets or sets how long an upload may rest before its bytes are removed.</summary>
    /// <value>The default value is one hour.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or more than 30 days.</exception>
    public TimeSpan UploadTimeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(30));
            field = value;
        }
    } = TimeSpan.FromHours(1);

    /// <summary>Gets or sets what decides about each request, or <see langword="null"/> to allow everything.</summary>
    /// <remarks>
    /// It is asked before anything is read or written; a mount asks a second time, for the repository the blob is taken
    /// from. It may be called by many requests at once.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public Func<RegistryAccess, CancellationToken, ValueTask<RegistryDecision>>? Authorize { get; set; }

    /// <summary>Gets or sets the realm that is named when credentials are asked for.</summary>
    /// <value>The default value is <c>registry</c>.</value>
    /// <exception cref="ArgumentException">The value is empty, or not printable ASCII without quotes and backslashes.</exception>
    public string Realm
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (value.AsSpan().ContainsAny('"', '\\') || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new ArgumentException("A realm is printable ASCII without quotes and backslashes.", nameof(value));
            }

            field = value;
        }
    } = "registry";

    /// <summary>Gets or sets the clock that uploads rest by.</summary>
    /// <value>The default value is <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    // A client that lost its connection may be back before the old request has noticed.
    internal TimeSpan BusyUploadWait { get; set; } = TimeSpan.FromSeconds(2);
}
