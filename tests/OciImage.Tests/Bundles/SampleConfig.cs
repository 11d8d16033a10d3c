namespace OciImage.Tests.Bundles;

/// <summary>A configuration of an image that says all there is to say.</summary>
internal static class SampleConfig
{
    public static ImageConfig Full { get; } = new()
    {
        Created = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero).AddTicks(1_234_500),
        Author = "Ann <ann@example.org>",
        Architecture = "arm64",
        Variant = "v8",
        Os = "linux",
        OsVersion = "6.1",
        OsFeatures = ["a", "b"],
        Config = new ContainerConfig
        {
            User = "web",
            ExposedPorts = ["8080/tcp", "53/udp"],
            Env = ["A=1", "HOME=/srv", "A=2"],
            Entrypoint = ["/bin/serve", "--all"],
            Cmd = ["x", "y z"],
            Volumes = ["/var//log/./", "/data"],
            WorkingDir = "/srv/app",
            Labels = new Dictionary<string, string>
            {
                ["org.opencontainers.image.author"] = "label",
                ["text"] = "two\nlines",
            },
            StopSignal = "SIGINT",
        },
    };

    public static ImageConfig With(Func<ContainerConfig, ContainerConfig> change) =>
        Full with { Config = change(Full.Config!) };
}
