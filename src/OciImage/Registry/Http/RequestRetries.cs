using Polly;
using Polly.Retry;

namespace OciImage.Registry.Http;

/// <summary>Asks again where that is safe and may help. How long to wait is the host's affair, since it concerns every request to it.</summary>
internal static class RequestRetries
{
    /// <summary>The host that is asked.</summary>
    public static readonly ResiliencePropertyKey<RegistryHost> Host = new("OciImage.Host");

    // The jitter only spreads those that waited for the host's quiet to end.
    private static readonly TimeSpan Jitter = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxJitter = TimeSpan.FromSeconds(1);

    public static ResiliencePipeline<HttpResponseMessage> Create(RegistryOptions options)
    {
        if (options.MaxRetries == 0)
        {
            return ResiliencePipeline<HttpResponseMessage>.Empty;
        }

        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.TimeProvider };
        return builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
        {
            MaxRetryAttempts = options.MaxRetries,
            Delay = Jitter,
            MaxDelay = MaxJitter,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = static arguments => new(
                arguments.Outcome.Exception is RegistryException { IsTransient: true } ||
                (arguments.Outcome.Result is { } response && RegistryFault.IsTransient(response.StatusCode))),
            OnRetry = static arguments =>
            {
                arguments.Outcome.Result?.Dispose();
                if (arguments.Context.Properties.TryGetValue(Host, out RegistryHost? host))
                {
                    RegistryTelemetry.Retry(host, "request");
                }

                return default;
            },
        }).Build();
    }
}
