using System.CommandLine;
using System.CommandLine.Parsing;
using OciImage.Cli.Locations;
using OciImage.Registry;

namespace OciImage.Cli.Commands;

/// <summary>The options that say how a place is opened, for one side of a copy or for all.</summary>
internal sealed class RegistryAccessOptions
{
    private readonly CommandContext _context;
    private readonly Option<bool> _plainHttp;
    private readonly Option<bool> _insecure;
    private readonly Option<RegistryCredential?> _credentials;
    private readonly Option<string?> _authFile;
    private readonly Option<string?>? _namespace;

    /// <summary>Initializes a new instance.</summary>
    /// <param name="context">The context, which learns the secrets.</param>
    /// <param name="side">The side, <c>src</c> or <c>dest</c>, or nothing for all registries of the command.</param>
    public RegistryAccessOptions(CommandContext context, string side = "")
    {
        _context = context;
        string prefix = side.Length == 0 ? "--" : $"--{side}-";
        string whose = side switch { "src" => " (source)", "dest" => " (destination)", _ => "" };
        _plainHttp = new Option<bool>(prefix + "plain-http") { Description = $"Use http, not https{whose}." };
        _insecure = new Option<bool>(prefix + "insecure") { Description = $"Accept any TLS certificate{whose}." };
        _credentials = new Option<RegistryCredential?>(prefix + "creds")
        {
            Description = $"Log in with USER:PASSWORD{whose}.",
            HelpName = "U:P",
            CustomParser = result => ParseCredential(result, prefix),
        };
        _authFile = new Option<string?>(prefix + "authfile")
        {
            Description = $"Take credentials from this file alone, in the format of docker's config.json or containers' auth.json{whose}.",
            HelpName = "FILE",
        };
        _namespace = side.Length == 0 ? null : new Option<string?>(prefix + "namespace")
        {
            Description = $"Names are in this namespace, not in that of --namespace{whose}.",
            HelpName = "NS",
            CustomParser = CommandContext.ParseNamespace,
        };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_plainHttp);
        command.Options.Add(_insecure);
        command.Options.Add(_credentials);
        command.Options.Add(_authFile);
        if (_namespace is not null)
        {
            command.Options.Add(_namespace);
        }
    }

    public PlaceAccess Read(ParseResult result) => Read(result, null);

    /// <summary>Reads the options; what is not given falls back to another side's.</summary>
    public PlaceAccess Read(ParseResult result, PlaceAccess? fallback)
    {
        string? authFile = result.GetValue(_authFile);
        RegistryCredential? credential = result.GetValue(_credentials);

        return new PlaceAccess(
            result.GetValue(_plainHttp) || fallback is { PlainHttp: true },
            result.GetValue(_insecure) || fallback is { Insecure: true },
            // A file of credentials for this side is meant to be used, not overruled by what holds for all.
            credential ?? (result.GetValue(_authFile) is null ? fallback?.Credential : null),
            authFile ?? fallback?.AuthFile)
        {
            Variables = _context.Terminal.GetVariable,
            OpenInput = _context.Terminal.OpenInput,
            Namespace = (_namespace is null ? null : result.GetValue(_namespace)) ?? result.GetValue(_context.Namespace),
            Durability = result.GetValue(_context.Durability),
        };
    }

    /// <summary>Refuses one password for two registries, which would tell it to the one it is not for.</summary>
    /// <exception cref="UsageException">There is one password, and there are two registries.</exception>
    public void RefuseForTwo(ParseResult result, ImageLocation? left, ImageLocation? right, string advice)
    {
        if (result.GetResult(_credentials) is not null &&
            left is RegistryLocation { Name.Registry: var first } &&
            right is RegistryLocation { Name.Registry: var second } &&
            first != second)
        {
            throw new UsageException(
                $"'{_credentials.Name}' with two registries ('{first}' and '{second}') would tell both the password. {advice}");
        }
    }

    private RegistryCredential? ParseCredential(ArgumentResult result, string prefix)
    {
        string text = result.Tokens[0].Value;
        _context.Hide(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            result.AddError($"'{prefix}creds' wants USER:PASSWORD.");
            return null;
        }

        _context.Hide(text[(colon + 1)..]);

        return new RegistryCredential(text[..colon], text[(colon + 1)..]);
    }
}
