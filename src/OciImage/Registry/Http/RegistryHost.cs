using System.Collections.Concurrent;
using OciImage.Registry.Auth;

namespace OciImage.Registry.Http;

/// <summary>
/// What is known of one registry, shared by all requests to it: its address, its connections, its tokens, its slots, and
/// when to leave it alone.
/// </summary>
internal sealed class RegistryHost : IDisposable
{
    // What users call docker.io answers under another name.
    private const string DockerHub = "docker.io";
    private const string DockerHubAddress = "registry-1.docker.io";

    private readonly TimeProvider _time;
    private volatile Uri? _decided;
    private long _quietUntil;

    public RegistryHost(string name, RegistryOptions options)
    {
        Name = name;
        _time = options.TimeProvider;
        Slots = new SemaphoreSlim(options.MaxConcurrencyPerHost);
        string address = name == DockerHub ? DockerHubAddress : name;
        Secure = new Uri($"https://{address}/");
        Plain = new Uri($"http://{address}/");
        Policy = new OriginPolicy(name, Secure.IdnHost, options.TrustedHosts);
        bool mayBePlain = options.Scheme == RegistryScheme.Automatic && Policy.RegistryPrivacy == Privacy.Loopback;
        _decided = options.Scheme == RegistryScheme.Http ? Plain : mayBePlain ? null : Secure;
        Tokens = new TokenCache(options.TimeProvider);
        Invoker = options.Handler is { } handler
            ? new HttpMessageInvoker(handler, disposeHandler: false)
            : new HttpMessageInvoker(HandlerFactory.Create(options, this), disposeHandler: true);
    }

    /// <summary>Gets the registry as a user writes it.</summary>
    public string Name { get; }

    public Uri Secure { get; }

    public Uri Plain { get; }

    /// <summary>Gets the address in use.</summary>
    public Uri Base => _decided ?? Secure;

    /// <summary>Gets whether it is settled if the registry speaks https or http.</summary>
    public bool IsDecided => _decided is not null;

    /// <summary>Gets or sets whether the registry showed a certificate, good or bad: then it does not speak plain http.</summary>
    public bool HasCertificate { get; set; }

    public OriginPolicy Policy { get; }

    // A handler for each registry: a connection that one may use is never reused for a place that another names.
    public HttpMessageInvoker Invoker { get; }

    public SemaphoreSlim Slots { get; }

    public TokenCache Tokens { get; }

    /// <summary>Gets the repositories whose requests take basic credentials.</summary>
    public ConcurrentDictionary<string, RegistryCredential> Basic { get; } = new(StringComparer.Ordinal);

    /// <summary>Settles whether the registry speaks https or http.</summary>
    public void Decide(Uri address) => _decided = address;

    /// <summary>Lets no request start before a time; a registry that asks for quiet asks all of them.</summary>
    public void KeepQuiet(TimeSpan wait)
    {
        long until = (_time.GetUtcNow() + wait).UtcTicks;
        long known = Interlocked.Read(ref _quietUntil);
        while (until > known)
        {
            long seen = Interlocked.CompareExchange(ref _quietUntil, until, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }

    public async ValueTask WaitForQuietToEndAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait = TimeSpan.FromTicks(Interlocked.Read(ref _quietUntil) - _time.GetUtcNow().UtcTicks);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        Invoker.Dispose();
        Slots.Dispose();
    }
}
