using OciImage.Layout;
using OciImage.Registry;
using OciImage.Registry.Hosts;

namespace OciImage.Cli.Locations;

/// <summary>Says how places are opened: how a registry is spoken to, and in which namespace names are.</summary>
internal sealed record PlaceAccess(bool PlainHttp, bool Insecure, RegistryCredential? Credential, string? AuthFile)
{
    /// <summary>Gets the variables that name the files of credentials, or null for those of this process.</summary>
    public Func<string, string?>? Variables { get; init; }

    /// <summary>Gets the namespace of the names in a layout or in containerd, or <see langword="null"/> for 'default'.</summary>
    public string? Namespace { get; init; }

    /// <summary>Gets what opens the standard input for bytes.</summary>
    public Func<Stream> OpenInput { get; init; } = Console.OpenStandardInput;

    /// <summary>Gets what of a layout survives a power cut.</summary>
    public Durability Durability { get; init; } = Durability.Full;

    /// <summary>Makes a client; nothing is asked yet. A credential of the command line is for the registry it names.</summary>
    /// <exception cref="UsageException">The file of credentials that was named is not there.</exception>
    public RegistryClient CreateClient(string registry, int jobs = 0)
    {
        if (AuthFile is not null && !File.Exists(AuthFile))
        {
            throw new UsageException($"The file '{AuthFile}' of --authfile does not exist.");
        }

        RegistryOptions options = RegistryOptions.FromSystem(FindRegistries(), FindFiles());
        options.Scheme = PlainHttp ? RegistryScheme.Http : RegistryScheme.Automatic;
        options.SkipCertificateCheck = Insecure;
        if (Credential is not null)
        {
            options.Credentials = new FixedCredential(registry, Credential);
        }

        options.MaxConcurrencyPerHost = Math.Max(options.MaxConcurrencyPerHost, jobs);

        return new RegistryClient(options);
    }

    private SystemRegistryHostsOptions FindRegistries() => Variables is null
        ? SystemRegistryHostsOptions.FromEnvironment()
        : SystemRegistryHostsOptions.FromEnvironment(Variables);

    private SystemCredentialsOptions FindFiles()
    {
        SystemCredentialsOptions options = Variables is null
            ? SystemCredentialsOptions.FromEnvironment()
            : SystemCredentialsOptions.FromEnvironment(Variables);
        if (AuthFile is not null)
        {
            options.Files.Clear();
            options.Files.Add(AuthFile);
            options.LegacyFile = null;
            options.Helpers.Add(SystemCredentialsOptions.FilesHelper); // this file alone, whatever registries.conf says
        }

        return options;
    }
}
