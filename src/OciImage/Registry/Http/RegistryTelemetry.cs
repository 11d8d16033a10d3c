using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OciImage.Registry.Http;

/// <summary>Activities and metrics under the name "OciImage"; docs/registry.md lists them. Nobody listening, nothing is made.</summary>
internal static class RegistryTelemetry
{
    public const string Name = "OciImage";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "ociimage.registry.requests", "{request}", "Requests that were sent, redirects and token servers included.");

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>(
        "ociimage.registry.retries", "{retry}", "Requests and transfers that were tried again.");

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "ociimage.registry.bytes", "By", "Bytes of blobs that went either way.");

    private static readonly Histogram<double> Wait = Meter.CreateHistogram<double>(
        "ociimage.registry.wait", "s", "How long a request waited for its turn, its rate and the host's quiet.");

    /// <summary>Starts the activity of one request; <see langword="null"/> where nobody listens.</summary>
    public static Activity? StartRequest(RegistryHost host, HttpRequestMessage request)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity? activity = Source.StartActivity("registry.request", ActivityKind.Client);
        activity?.SetTag("http.request.method", request.Method.Method);
        Uri address = request.RequestUri!;
        activity?.SetTag("server.address", address.IdnHost);
        activity?.SetTag("server.port", address.Port);
        activity?.SetTag("url.full", OriginPolicy.Redact(address));
        activity?.SetTag("ociimage.registry", host.Name);

        return activity;
    }

    /// <summary>Starts the activity of a whole transfer, such as <c>registry.push</c>.</summary>
    public static Activity? StartTransfer(string name, string place, Descriptor descriptor)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        Activity? activity = Source.StartActivity(name);
        activity?.SetTag("ociimage.repository", place);
        activity?.SetTag("ociimage.digest", descriptor.Digest.ToString());
        activity?.SetTag("ociimage.size", descriptor.Size);

        return activity;
    }

    public static void EndRequest(Activity? activity, RegistryHost host, HttpRequestMessage request, HttpResponseMessage response)
    {
        activity?.SetTag("http.response.status_code", (int)response.StatusCode);
        if ((int)response.StatusCode >= 500)
        {
            activity?.SetStatus(ActivityStatusCode.Error);
        }

        Count(host, request, (int)response.StatusCode);
    }

    public static void FailRequest(Activity? activity, RegistryHost host, HttpRequestMessage request, Exception exception)
    {
        activity?.SetTag("error.type", exception.GetType().Name);
        activity?.SetStatus(ActivityStatusCode.Error);
        Count(host, request, 0);
    }

    public static void Retry(RegistryHost host, string what)
    {
        if (Retries.Enabled)
        {
            Retries.Add(1, new("server.address", host.Name), new("ociimage.operation", what));
        }
    }

    public static void Transfer(RegistryHost host, string direction, long count)
    {
        if (Bytes.Enabled)
        {
            Bytes.Add(count, new("server.address", host.Name), new("network.io.direction", direction));
        }
    }

    public static void Waited(RegistryHost host, TimeSpan time)
    {
        if (Wait.Enabled)
        {
            Wait.Record(time.TotalSeconds, new KeyValuePair<string, object?>("server.address", host.Name));
        }
    }

    private static void Count(RegistryHost host, HttpRequestMessage request, int status)
    {
        if (Requests.Enabled)
        {
            Requests.Add(
                1,
                new("server.address", host.Name),
                new("http.request.method", request.Method.Method),
                new("http.response.status_code", status));
        }
    }
}
