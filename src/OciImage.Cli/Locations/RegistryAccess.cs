using OciImage.Registry;

namespace OciImage.Cli.Locations;

/// <summary>Says how a registry is spoken to.</summary>
internal sealed record RegistryAccess(bool PlainHttp, bool Insecure, RegistryCredential? Credential, string? AuthFile)
{
    /// <summary>Makes a client; nothing is asked yet.</summary>
    /// <exception cref="UsageException">The file of credentials that was named is not there.</exception>
    public RegistryClient CreateClient(int jobs = 0)
    {
        if (AuthFile is not null && !File.Exists(AuthFile))
        {
            throw new UsageException($"The file '{AuthFile}' of --authfile does not exist.");
        }

        var options = new RegistryOptions
        {
            Scheme = PlainHttp ? RegistryScheme.Http : RegistryScheme.Automatic,
            SkipCertificateCheck = Insecure,
            Credentials = Credential is null
                ? new DockerConfigFile(AuthFile ?? DockerConfigFile.DefaultPath)
                : new GivenCredential(Credential),
        };
        options.MaxConcurrencyPerHost = Math.Max(options.MaxConcurrencyPerHost, jobs);

        return new RegistryClient(options);
    }
}
