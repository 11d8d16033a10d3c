using System.Net;
using OciImage.Registry.Hosts;
using OciImage.Registry.Stores;

namespace OciImage.Registry;

/// <summary>Provides options for a registry client. They read no file by themselves.</summary>
public sealed class RegistryOptions
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(1);

    /// <summary>Gets or sets how registries are spoken to.</summary>
    /// <value>The default value is <see cref="RegistryScheme.Automatic"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration.</exception>
    public RegistryScheme Scheme
    {
        get;
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "The scheme is none of the enumeration.");
            }

            field = value;
        }
    }

    /// <summary>Gets or sets whether any TLS certificate is accepted. Then anybody on the way can read and change everything.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool SkipCertificateCheck { get; set; }

    /// <summary>Gets or sets who knows the credentials.</summary>
    /// <value>The default value is <see langword="null"/>: everything is asked anonymously.</value>
    public IRegistryCredentialProvider? Credentials { get; set; }

    /// <summary>Gets or sets who knows the credentials for what writes: pushes, tags, mounts and deletions.</summary>
    /// <value>The default value is <see langword="null"/>: <see cref="Credentials"/> is asked for these as well.</value>
    public IRegistryCredentialProvider? PushCredentials { get; set; }

    /// <summary>Gets or sets who knows mirrors and the special treatment of registries.</summary>
    /// <value>The default value is <see langword="null"/>: every registry is asked itself.</value>
    public IRegistryHostProvider? Hosts { get; set; }

    /// <summary>Gets or sets the User-Agent of every request.</summary>
    /// <value>The default value is <c>ocimage</c>.</value>
    /// <exception cref="ArgumentException">The value is empty, or holds what no header may hold.</exception>
    public string UserAgent
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new ArgumentException($"'{Excerpt.Of(value)}' is no User-Agent: visible ASCII and blanks.", nameof(value));
            }

            field = value;
        }
    } = "ocimage";

    /// <summary>Gets or sets how many requests wait for an answer of one registry at the same time.</summary>
    /// <remarks>Bodies do not count, in either direction: how many are transferred at once is for who copies to say.</remarks>
    /// <value>The default value is 8.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxConcurrencyPerHost
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 8;

    /// <summary>Gets or sets how many requests one host gets within a second, or <see langword="null"/> for no limit.</summary>
    /// <remarks>They are spread evenly. Each redirect and each question of a token server counts as part of its request.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a number from 0.001 to 1 000 000.</exception>
    public double? MaxRequestsPerSecond
    {
        get;
        set
        {
            if (value is not (null or (>= 0.001 and <= 1_000_000)))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "A rate is a number from 0.001 to 1 000 000.");
            }

            field = value;
        }
    }

    /// <summary>Gets or sets how many bytes of a blob one request may carry, or <see langword="null"/> for all of them.</summary>
    /// <remarks>
    /// A larger blob goes in chunks of that size. Without it a blob goes in one request, and in chunks only where the host, or
    /// a proxy before it, refused one that was too large; what was learned holds for as long as the client lives. A host that
    /// asks for chunks of a least size gets them, up to 1 GiB.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long? MaxUploadRequestBytes
    {
        get;
        set
        {
            if (value is <= 0)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "A request carries at least one byte.");
            }

            field = value;
        }
    }

    /// <summary>Gets or sets whether a blob that the registry lacks is fetched from the <c>urls</c> of its descriptor.</summary>
    /// <remarks>
    /// No credential is sent there, only http and https are followed, and no address that is more private than the
    /// registry (image-spec 1.1.1, descriptor, "urls"). The content is verified like any other.
    /// </remarks>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool FetchFromUrls { get; set; } = true;

    /// <summary>Gets or sets where warnings of registries go, each of them once.</summary>
    /// <remarks>They come from the threads that talk to registries.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public IProgress<RegistryWarning>? Warnings { get; set; }

    /// <summary>Gets or sets the proxy, or <see langword="null"/> for the one that the environment names, as for <see cref="HttpClient.DefaultProxy"/>.</summary>
    /// <remarks>
    /// The environment's proxy is not used for this machine. Through a proxy only literal addresses are judged for their privacy.
    /// With a handler of the caller's it does not count.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public IWebProxy? Proxy { get; set; }

    /// <summary>Gets or sets how often a request that changes nothing is asked again after a transient failure.</summary>
    /// <value>The default value is 4.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxRetries
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 4;

    /// <summary>Gets or sets the longest wait that a registry's Retry-After is granted.</summary>
    /// <value>The default value is one minute.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or longer than a day.</exception>
    public TimeSpan MaxRetryAfter
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LongestTimeout);
            field = value;
        }
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets how long it may take to connect, TLS included.</summary>
    /// <value>The default value is 30 seconds.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero, negative, or longer than a day.</exception>
    public TimeSpan ConnectTimeout
    {
        get;
        set
        {
            CheckTimeout(value);
            field = value;
        }
    } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how long a mirror may take to answer before another place is asked; its bodies have <see cref="IdleTimeout"/>.</summary>
    /// <value>The default value is 20 seconds. Where <see cref="IdleTimeout"/> is shorter, that holds.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero, negative, or longer than a day.</exception>
    public TimeSpan MirrorTimeout
    {
        get;
        set
        {
            CheckTimeout(value);
            field = value;
        }
    } = TimeSpan.FromSeconds(20);

    /// <summary>Gets or sets how long an answer or a body may stand still; how long all of it takes does not matter.</summary>
    /// <remarks>After the last byte of an upload it is ten times that: a registry may look at all of it before it answers.</remarks>
    /// <value>The default value is one minute.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero, negative, or longer than a day.</exception>
    public TimeSpan IdleTimeout
    {
        get;
        set
        {
            CheckTimeout(value);
            field = value;
        }
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets the hosts that registries may send their clients to although they are more private than the registry.</summary>
    /// <remarks>
    /// An entry is a host, or a host with a port. Otherwise redirects, upload locations and token servers are refused whose
    /// address is on this machine or in a private network while the registry's is not.
    /// </remarks>
    /// <value>The default value is empty.</value>
    public IReadOnlyCollection<string> TrustedHosts
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = [];

    /// <summary>Gets or sets the handler that carries the requests; it is the caller's, and never disposed here.</summary>
    /// <remarks>
    /// It must not follow redirects, keep cookies or decompress. Addresses that names resolve to are checked by the own
    /// handler only; with this one that is the caller's part.
    /// </remarks>
    /// <value>The default value is <see langword="null"/>: the client has its own.</value>
    public HttpMessageHandler? Handler { get; set; }

    /// <summary>Gets or sets the clock of waits and of tokens.</summary>
    /// <value>The default value is the system's clock.</value>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    /// <summary>Gets or sets the limits that hold for manifests and indexes.</summary>
    /// <value>The default value has the defaults of <see cref="DocumentOptions"/>.</value>
    public DocumentOptions Documents
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    /// <summary>Gets options that follow what Docker, containerd, podman and skopeo are told on this machine.</summary>
    /// <remarks>
    /// Mirrors, certificates and blocked registries come from <see cref="SystemRegistryHosts"/>, credentials from
    /// <see cref="SystemCredentials"/>; docs/hosts.md and docs/credentials.md say which file is read when. No file is read
    /// before a client needs it, so a damaged one is an error of the first request that it concerns.
    /// </remarks>
    /// <returns>Options of the caller's own; all else is as in a new instance.</returns>
    public static RegistryOptions FromSystem() =>
        FromSystem(SystemRegistryHostsOptions.FromEnvironment(), SystemCredentialsOptions.FromEnvironment());

    /// <summary>Gets options that follow given files.</summary>
    /// <param name="hosts">The files that tell of registries; copied.</param>
    /// <param name="credentials">
    /// The files and helpers that know credentials; copied. Where they name no helper, those of <c>registries.conf</c> are asked.
    /// </param>
    /// <returns>Options of the caller's own; all else is as in a new instance.</returns>
    public static RegistryOptions FromSystem(SystemRegistryHostsOptions hosts, SystemCredentialsOptions credentials)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        ArgumentNullException.ThrowIfNull(credentials);
        var registries = new SystemRegistryHosts(hosts);

        return new RegistryOptions { Hosts = registries, Credentials = new ConfiguredCredentials(registries, credentials) };
    }

    internal RegistryOptions Clone()
    {
        var clone = (RegistryOptions)MemberwiseClone();
        clone.TrustedHosts = [.. TrustedHosts];
        clone.Documents = new DocumentOptions { MaxSize = Documents.MaxSize, Algorithm = Documents.Algorithm };

        return clone;
    }

    private static void CheckTimeout(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LongestTimeout);
    }
}
