using System.Collections.Concurrent;
using OciImage.Registry.Auth;

namespace OciImage.Registry.Http;

/// <summary>
/// What is known of one place, shared by all requests to it: its address, its connections, its tokens, its pace, its health,
/// and what was learned of it.
/// </summary>
internal sealed class RegistryHost : IDisposable
{
    /// <summary>Marks a request that goes where somebody else said, be that the registry's own address.</summary>
    public static readonly HttpRequestOptionsKey<bool> IsStranger = new("OciImage.IsStranger");

    // What users call docker.io answers under another name.
    private const string DockerHub = "docker.io";
    private const string DockerHubAddress = "registry-1.docker.io";

    // Handlers for each place: a connection that one may use is never reused for a place that another names, and none of
    // what holds for the place itself holds for where it sends its client.
    private readonly HttpMessageInvoker _own;
    private readonly HttpMessageInvoker _others;
    private volatile Uri? _decided;

    /// <param name="registry">The registry as a user writes it, or the mirror's host: whose credentials may be sent there.</param>
    /// <param name="endpoint">How the place is spoken to, or <see langword="null"/> where nothing is special about it.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="isMirror">Whether the place is no registry of its own accord, and is not waited for long.</param>
    public RegistryHost(string registry, RegistryEndpoint? endpoint, RegistryOptions options, bool isMirror = false)
    {
        Name = registry;
        string place = endpoint?.Host ?? registry;
        CredentialNames = AddressOf(place).Equals(AddressOf(registry), StringComparison.OrdinalIgnoreCase) ? [registry] : [registry, place];
        AnswerTimeout = isMirror && options.MirrorTimeout < options.IdleTimeout ? options.MirrorTimeout : options.IdleTimeout;
        SeparatesWrites = options.PushCredentials is not null;
        string address = AddressOf(place);
        string path = endpoint?.ApiPath ?? "/v2/";
        Secure = new Uri($"https://{address}{path}");
        Plain = new Uri($"http://{address}{path}");
        Policy = new OriginPolicy(registry, Secure.IdnHost, options.TrustedHosts);
        IsInsecure = endpoint?.IsInsecure ?? false;

        // What the caller says of the registry says nothing of its mirrors.
        SkipsCertificateCheck = options.SkipCertificateCheck && !isMirror;
        RegistryScheme scheme = endpoint is { Scheme: not RegistryScheme.Automatic } ? endpoint.Scheme
            : isMirror ? RegistryScheme.Automatic : options.Scheme;
        bool mayBePlain = scheme == RegistryScheme.Automatic && (IsInsecure || Policy.RegistryPrivacy == Privacy.Loopback);
        _decided = scheme == RegistryScheme.Http ? Plain : mayBePlain ? null : Secure;
        Headers = endpoint?.Headers ?? new Dictionary<string, string>();
        Tokens = new TokenCache(options.TimeProvider, sharesWrites: !SeparatesWrites);
        Pace = new HostPace(options);
        Health = new HostHealth(options.TimeProvider);
        _own = options.Handler is { } handler
            ? new HttpMessageInvoker(handler, disposeHandler: false)
            : new HttpMessageInvoker(HandlerFactory.Create(options, endpoint, this), disposeHandler: true);
        _others = options.Handler is null
            ? new HttpMessageInvoker(HandlerFactory.CreateForOthers(options, endpoint, this), disposeHandler: true)
            : _own;
    }

    /// <summary>Gets the registry as a user writes it, or a mirror's host.</summary>
    public string Name { get; }

    /// <summary>Gets the names under which credentials for the place may stand, the first one first.</summary>
    public IReadOnlyList<string> CredentialNames { get; }

    /// <summary>Gets how long the place may take to answer.</summary>
    public TimeSpan AnswerTimeout { get; }

    /// <summary>Gets whether any certificate will do, of the place and of where it sends its client.</summary>
    public bool SkipsCertificateCheck { get; }

    /// <summary>Gets whether writing has a credential of its own.</summary>
    public bool SeparatesWrites { get; }

    /// <summary>Gets the protocol's root with https.</summary>
    public Uri Secure { get; }

    /// <summary>Gets the protocol's root with plain http.</summary>
    public Uri Plain { get; }

    /// <summary>Gets the address in use.</summary>
    public Uri Base => _decided ?? Secure;

    /// <summary>Gets whether it is settled if the registry speaks https or http.</summary>
    public bool IsDecided => _decided is not null;

    /// <summary>Gets whether any certificate will do, and plain http where there is no https.</summary>
    public bool IsInsecure { get; }

    /// <summary>Gets or sets whether the registry showed a certificate, good or bad: then it does not speak plain http.</summary>
    public bool HasCertificate { get; set; }

    public OriginPolicy Policy { get; }

    public HostPace Pace { get; }

    public HostHealth Health { get; }

    public HostKnowledge Knowledge { get; } = new();

    public TokenCache Tokens { get; }

    /// <summary>Gets the header fields that are only for this host.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>Gets the basic credentials that were demanded.</summary>
    public ConcurrentDictionary<(string Repository, bool IsWritten), RegistryCredential> Basic { get; } = new();

    /// <summary>Gets or sets why the place's certificate was refused, or <see langword="null"/>.</summary>
    public string? CertificateFault { get; set; }

    /// <summary>Returns what basic credentials are kept for: a repository and, where that matters, whether it is written.</summary>
    public (string Repository, bool IsWritten) BasicKey(AccessNeed need) => (need.Repository, need.IsWrite && SeparatesWrites);

    /// <summary>Returns the host and port that are dialled for a registry.</summary>
    public static string AddressOf(string registry) => registry == DockerHub ? DockerHubAddress : registry;

    /// <summary>Returns who carries requests to an address: the host's client certificate is shown to nobody else.</summary>
    public HttpMessageInvoker InvokerFor(HttpRequestMessage request) =>
        request.Options.TryGetValue(IsStranger, out _) ? _others : InvokerFor(request.RequestUri!);

    /// <summary>Returns who carries requests to an address at the client's own word.</summary>
    public HttpMessageInvoker InvokerFor(Uri address) =>
        OriginPolicy.IsSameOrigin(address, Secure) || OriginPolicy.IsSameOrigin(address, Plain) ? _own : _others;

    /// <summary>Settles whether the registry speaks https or http.</summary>
    public void Decide(Uri address) => _decided = address;

    /// <summary>Puts in the header fields that are only for this host.</summary>
    public void AddHeaders(HttpRequestMessage request)
    {
        foreach ((string name, string value) in Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Options.Set(Secrets.HostHeaders, Headers);
    }

    public void Dispose()
    {
        _own.Dispose();
        _others.Dispose();
        Pace.Dispose();
    }
}
