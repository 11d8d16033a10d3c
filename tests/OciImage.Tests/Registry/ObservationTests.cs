using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using OciImage.Content;
using OciImage.Registry;
using OciImage.Registry.Http;
using OciImage.TestKit.Registry;

namespace OciImage.Tests.Registry;

/// <summary>What a registry says beside its content, what can be seen of the talk with it, and when it is left alone.</summary>
public sealed class ObservationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("299 - \"old\"", "old")]
    [InlineData("299 - \"say \\\"hi\\\" \\\\ there\"", "say \"hi\" \\ there")]
    [InlineData("299 - \"one\", 299 - \"two\"", "one|two")]
    [InlineData("299 - \"one\" \"Tue, 24 Nov 2026 12:00:00 GMT\", 299 registry \"two\"", "one|two")]
    [InlineData("110 cache \"stale\"", "")] // another code is a proxy's affair
    [InlineData("299 - \"no end", "")]
    [InlineData("299 - old", "")]
    [InlineData("", "")]
    public void ParseWarnings_ReadsQuotedTexts(string header, string expected) =>
        Assert.Equal(expected, string.Join('|', AnswerNotes.ParseWarnings(header)));

    [Fact]
    public async Task Warning_IsToldOnceWithoutControlCharacters()
    {
        var told = new ConcurrentQueue<RegistryWarning>();
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.Headers.Append("Warning", "299 - \"go\\\taway\"");
            return context.WriteManifestAsync(RegistryFixture.Manifest());
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            Warnings = new Immediate(told.Enqueue),
        });
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        await repository.ResolveAsync("1", Token);
        await repository.ResolveAsync("2", Token);

        Assert.Equal(new RegistryWarning(registry.Host, "go?away"), Assert.Single(told));
    }

    [Fact]
    public async Task RateLimit_IsWhatTheRegistryLastSaid()
    {
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context =>
        {
            context.Response.Headers["ratelimit-limit"] = "100;w=21600";
            context.Response.Headers["ratelimit-remaining"] = "76;w=21600";
            context.Response.Headers["docker-ratelimit-source"] = "192.0.2.1";
            return context.WriteManifestAsync(RegistryFixture.Manifest());
        });
        using RegistryClient client = RegistryFixture.CreateClient();
        RegistryRateLimit? before = await client.GetRateLimitAsync(registry.Host, Token);

        await client.GetRepository(registry.Host, RegistryFixture.Repository).ResolveAsync("1", Token);

        Assert.Null(before);
        Assert.Equal(
            new RegistryRateLimit(100, 76, TimeSpan.FromHours(6), "192.0.2.1"), await client.GetRateLimitAsync(registry.Host, Token));
    }

    [Fact]
    public async Task Transcript_TellsTheTalkAndNoSecret()
    {
        ScriptedRegistry? self = null;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            if (context.Request.Path == "/token")
            {
                await context.Response.WriteAsync("""{"token":"access-secret"}""");
                return;
            }

            bool hasToken = context.Request.Headers.Authorization.Count > 0;
            context.Response.StatusCode = hasToken ? 403 : 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{self!.Host}/token\",service=\"s\"";
            context.Response.Headers.SetCookie = "session=cookie-secret";
            if (context.Request.Method != "HEAD")
            {
                await context.Response.WriteAsync(
                    """{"errors":[{"code":"DENIED","message":"no, pass-secret and access-secret"}]}""");
            }
        });
        self = registry;
        using RegistryClient client = RegistryFixture.CreateClient(new RegistryFixture.FixedCredentials("ann", "pass-secret"));

        var error = await Assert.ThrowsAsync<RegistryException>(async () => await client
            .GetRepository(registry.Host, RegistryFixture.Repository).FetchManifestAsync("1", Token));

        string[] lines = error.Transcript!.Split('\n');
        Assert.Equal(
            ["> GET", "< 401", "> GET", "< 200", "> GET", "< 403"],
            lines.Where(line => line.StartsWith("> GET", StringComparison.Ordinal) || (line.Length > 5 && line[0] == '<' && char.IsDigit(line[2])))
                .Select(line => line[..5]));
        Assert.Contains("> Authorization: Basic …", lines);
        Assert.Contains("> Authorization: Bearer …", lines);
        Assert.Contains("DENIED", error.Transcript, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Transcript, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_AreActivitiesAndCounts()
    {
        var activities = new ConcurrentQueue<Activity>();
        var counts = new ConcurrentQueue<(string Name, long Value)>();
        const string text = "content of a layer";
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(context => context.Response.WriteAsync(text));
        using var activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OciImage",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(activityListener);
        using var meterListener = new MeterListener();
        meterListener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "OciImage")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meterListener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Contains(new("server.address", registry.Host)))
            {
                counts.Enqueue((instrument.Name, value));
            }
        });
        meterListener.Start();
        using RegistryClient client = RegistryFixture.CreateClient();

        await using (ContentStream stream = await client.GetRepository(registry.Host, RegistryFixture.Repository)
            .OpenReadAsync(RegistryFixture.Blob(text), Token))
        {
            await stream.ReadToEndAsync(1000, Token);
        }

        Activity request = Assert.Single(activities, activity => Equals(activity.GetTagItem("ociimage.registry"), registry.Host));
        Assert.Equal(200, request.GetTagItem("http.response.status_code"));
        Assert.Contains(("ociimage.registry.requests", 1L), counts);
        Assert.Equal(text.Length, counts.Where(count => count.Name == "ociimage.registry.bytes").Sum(count => count.Value));
    }

    [Fact]
    public async Task Pace_LetsEverybodyWaitAfterAFailure()
    {
        var time = new FakeTimeProvider();
        using var pace = new HostPace(new RegistryOptions { TimeProvider = time });
        DateTimeOffset started = time.GetUtcNow();
        pace.Fail(started, null);
        pace.Fail(started.AddTicks(-1), null); // of the same wave: it started before the quiet

        Task<TimeSpan> first = pace.WaitAsync(Token).AsTask();
        Task<TimeSpan> second = pace.WaitAsync(Token).AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.Equal(TimeSpan.FromMilliseconds(500), await first);
        await second;
    }

    [Theory]
    [InlineData(1, 500)]
    [InlineData(2, 1000)]
    [InlineData(4, 4000)]
    [InlineData(12, 30_000)] // and no longer
    public void Pace_WaitsLongerWithEachWave(int waves, int milliseconds)
    {
        var time = new FakeTimeProvider();
        using var pace = new HostPace(new RegistryOptions { TimeProvider = time });
        for (int i = 1; i < waves; i++)
        {
            pace.Fail(time.GetUtcNow(), null);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        pace.Fail(time.GetUtcNow(), null);

        time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
        Assert.True(pace.IsQuiet);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(pace.IsQuiet);
    }

    [Fact]
    public void Pace_GrantsWhatIsAskedUpToTheLimit()
    {
        var time = new FakeTimeProvider();
        using var pace = new HostPace(new RegistryOptions { TimeProvider = time, MaxRetryAfter = TimeSpan.FromSeconds(10) });

        pace.Fail(time.GetUtcNow(), TimeSpan.FromDays(1));

        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(pace.IsQuiet);
    }

    [Fact]
    public void Pace_ForgetsFailuresWithASuccess()
    {
        var time = new FakeTimeProvider();
        using var pace = new HostPace(new RegistryOptions { TimeProvider = time });
        for (int i = 0; i < 5; i++)
        {
            pace.Fail(time.GetUtcNow(), null);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        pace.Succeed();
        pace.Fail(time.GetUtcNow(), null);

        time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.False(pace.IsQuiet);
    }

    [Fact]
    public async Task Pace_SpreadsRequestsByTheirRate()
    {
        var time = new FakeTimeProvider();
        using var pace = new HostPace(new RegistryOptions { TimeProvider = time, MaxRequestsPerSecond = 2 });

        await pace.WaitAsync(Token);
        Task<TimeSpan> second = pace.WaitAsync(Token).AsTask();
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.Equal(TimeSpan.FromMilliseconds(500), await second);
    }

    [Fact]
    public async Task Slots_AreGivenBackOnEveryPath()
    {
        const string text = "content of a layer";
        int asked = 0;
        await using ScriptedRegistry registry = await ScriptedRegistry.StartAsync(async context =>
        {
            switch (Interlocked.Increment(ref asked) % 4)
            {
                case 0:
                    context.Response.StatusCode = 500;
                    break;
                case 1:
                    context.Abort();
                    break;
                case 2:
                    context.Response.StatusCode = 404;
                    break;
                default:
                    await context.Response.WriteAsync(text);
                    break;
            }
        });
        using var client = new RegistryClient(new RegistryOptions
        {
            Scheme = RegistryScheme.Http,
            MaxRetries = 0,
            MaxRetryAfter = TimeSpan.Zero,
            MaxConcurrencyPerHost = 1,
        });
        RepositoryClient repository = client.GetRepository(registry.Host, RegistryFixture.Repository);

        for (int i = 0; i < 8; i++)
        {
            // Streams that nobody reads to their end, or at all.
            _ = await Record.ExceptionAsync(async () => await repository.OpenReadAsync(RegistryFixture.Blob(text), Token));
        }

        Assert.Equal(8, asked);
    }

    private sealed class Immediate(Action<RegistryWarning> action) : IProgress<RegistryWarning>
    {
        public void Report(RegistryWarning value) => action(value);
    }
}
