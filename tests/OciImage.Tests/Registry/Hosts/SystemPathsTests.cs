using OciImage.Registry.Hosts;

namespace OciImage.Tests.Registry.Hosts;

public sealed class SystemPathsTests
{
    [Fact]
    public void Of_IsWhereProgramsOfAUserKeepTheirFiles()
    {
        SystemRegistryHostsOptions paths = SystemPaths.Of(_ => null, "/home/ann", 1000);

        Assert.Equal(
            ["/home/ann/.config/containerd/certs.d", "/home/ann/.config/docker/certs.d", "/etc/containerd/certs.d", "/etc/docker/certs.d"],
            paths.HostsDirectories);
        Assert.Equal(
            ["/home/ann/.config/containers/certs.d", "/etc/containers/certs.d", "/etc/docker/certs.d", "/usr/share/containers/certs.d"],
            paths.CertificateDirectories);
        Assert.Equal(
            ["/home/ann/.config/containers/registries.conf", "/etc/containers/registries.conf", "/usr/share/containers/registries.conf"],
            paths.RegistriesFiles);
        Assert.Equal(
            [
                "/usr/share/containers/registries.conf.d", "/usr/share/containers/registries.rootless.conf.d",
                "/usr/share/containers/registries.rootless.conf.d/1000", "/etc/containers/registries.conf.d",
                "/etc/containers/registries.rootless.conf.d", "/etc/containers/registries.rootless.conf.d/1000",
                "/home/ann/.config/containers/registries.conf.d",
            ],
            paths.RegistriesDropInDirectories);
        Assert.Empty(paths.RequiredRegistriesFiles);
        Assert.Equal("/home/ann/.cache/containers/short-name-aliases.conf", paths.ShortNameAliasFile);
    }

    [Fact]
    public void Of_IsWhereProgramsOfRootKeepTheirFiles()
    {
        SystemRegistryHostsOptions paths = SystemPaths.Of(_ => null, "/root", 0);

        Assert.Equal(
            [
                "/usr/share/containers/registries.conf.d", "/usr/share/containers/registries.rootful.conf.d",
                "/etc/containers/registries.conf.d", "/etc/containers/registries.rootful.conf.d",
                "/root/.config/containers/registries.conf.d",
            ],
            paths.RegistriesDropInDirectories);
        Assert.Equal("/var/cache/containers/short-name-aliases.conf", paths.ShortNameAliasFile);
    }

    [Fact]
    public void Of_FollowsXdgWhereItIsAbsolute()
    {
        SystemRegistryHostsOptions paths = SystemPaths.Of(
            name => name switch { "XDG_CONFIG_HOME" => "/xdg/config", "XDG_CACHE_HOME" => "relative", _ => null }, "/home/ann", 1000);

        Assert.Equal("/xdg/config/containers/registries.conf", paths.RegistriesFiles[0]);
        Assert.Equal("/xdg/config/containerd/certs.d", paths.HostsDirectories[0]);
        Assert.Equal("/home/ann/.cache/containers/short-name-aliases.conf", paths.ShortNameAliasFile);
    }

    [Fact]
    public void Of_ReadsTheFileThatIsNamedAndNoOther()
    {
        SystemRegistryHostsOptions named = SystemPaths.Of(
            name => name switch { "CONTAINERS_REGISTRIES_CONF" => "/my.conf", "CONTAINERS_REGISTRIES_CONF_OVERRIDE" => "/last.conf", _ => null },
            "/home/ann", 1000);
        SystemRegistryHostsOptions last = SystemPaths.Of(
            name => name == "CONTAINERS_REGISTRIES_CONF_OVERRIDE" ? "/last.conf" : "", "/home/ann", 1000);

        Assert.Empty(named.RegistriesFiles);
        Assert.Empty(named.RegistriesDropInDirectories);
        Assert.Equal(["/my.conf", "/last.conf"], named.RequiredRegistriesFiles);
        Assert.Equal(3, last.RegistriesFiles.Count);
        Assert.Equal(["/last.conf"], last.RequiredRegistriesFiles);
    }

    [Fact]
    public void Of_DoesWithoutAHome()
    {
        SystemRegistryHostsOptions paths = SystemPaths.Of(_ => null, "", 1000);

        Assert.Equal(["/etc/containerd/certs.d", "/etc/docker/certs.d"], paths.HostsDirectories);
        Assert.Equal(["/etc/containers/registries.conf", "/usr/share/containers/registries.conf"], paths.RegistriesFiles);
        Assert.Null(paths.ShortNameAliasFile);
    }

    [Fact]
    public void FromEnvironment_NamesPathsAndReadsNothing()
    {
        SystemRegistryHostsOptions paths = SystemRegistryHostsOptions.FromEnvironment();

        Assert.NotEmpty(paths.HostsDirectories);
        Assert.All(paths.HostsDirectories, path => Assert.True(Path.IsPathFullyQualified(path)));
    }
}
