using System.Collections.Concurrent;
using OciImage.Registry.Auth;

namespace OciImage.Registry.Http;

/// <summary>What is known of one registry, shared by all requests to it: its address, its tokens, its slots, and when to leave it alone.</summary>
internal sealed class RegistryHost : IDisposable
{
    // What users call docker.io answers under another name.
    private const string DockerHub = "docker.io";
    private const string DockerHubAddress = "registry-1.docker.io";

    private readonly TimeProvider _time;
    private long _quietUntil;

    public RegistryHost(string name, RegistryOptions options)
    {
        Name = name;
        _time = options.TimeProvider;
        Slots = new SemaphoreSlim(options.MaxConcurrencyPerHost);
        string address = name == DockerHub ? DockerHubAddress : name;
        Secure = new Uri($"https://{address}/");
        Plain = new Uri($"http://{address}/");
        Privacy = PrivacyOf.Host(Secure.IdnHost) ?? Privacy.Public;
        MayBePlain = options.Scheme == RegistryScheme.Http ||
            (options.Scheme == RegistryScheme.Automatic && Privacy == Privacy.Loopback);
        Base = options.Scheme == RegistryScheme.Http ? Plain : Secure;
        IsDecided = !MayBePlain || options.Scheme == RegistryScheme.Http;
        Tokens = new TokenCache(options.TimeProvider);
    }

    /// <summary>Gets the registry as a user writes it.</summary>
    public string Name { get; }

    public Uri Secure { get; }

    public Uri Plain { get; }

    public bool MayBePlain { get; }

    /// <summary>Gets or sets the address in use.</summary>
    public Uri Base { get; set; }

    /// <summary>Gets or sets whether it is settled if the registry speaks https or http.</summary>
    public bool IsDecided { get; set; }

    /// <summary>Gets or sets how private the registry is; a name counts as public until a connection shows its address.</summary>
    public Privacy Privacy { get; set; }

    public SemaphoreSlim Slots { get; }

    public TokenCache Tokens { get; }

    /// <summary>Gets the repositories whose requests take basic credentials.</summary>
    public ConcurrentDictionary<string, RegistryCredential> Basic { get; } = new(StringComparer.Ordinal);

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

    public void Dispose() => Slots.Dispose();
}
