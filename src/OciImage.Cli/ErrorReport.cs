using System.Net;
using System.Net.Sockets;
using OciImage.Cli.Output;
using OciImage.Engines;

namespace OciImage.Cli;

/// <summary>Turns what went wrong into an exit code and a message that says what to do.</summary>
internal static class ErrorReport
{
    /// <summary>Gets the exit code of an error.</summary>
    public static int GetExitCode(Exception exception, bool cancelled) => exception switch
    {
        UsageException or ConversionException or BundleException => ExitCode.Usage,
        OperationCanceledException when cancelled => ExitCode.Cancelled,
        DocumentFormatException { IsConfiguration: true } => ExitCode.Failed,
        ContentVerificationException or DocumentFormatException or LayerException => ExitCode.NotVerified,
        ContentNotFoundException => ExitCode.NotFound,
        RegistryException { StatusCode: HttpStatusCode.NotFound } => ExitCode.NotFound,
        RegistryException { StatusCode: HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden } => ExitCode.NotAuthorized,
        FileNotFoundException or DirectoryNotFoundException => ExitCode.NotFound,
        AggregateException { InnerExceptions: [var inner, ..] } => GetExitCode(inner, cancelled),
        _ => ExitCode.Failed,
    };

    /// <summary>Writes an error: what and where, and then what to do.</summary>
    public static void Write(CommandContext context, Exception exception, int exitCode, bool verbose)
    {
        TextWriter error = context.Terminal.Error;
        if (exitCode == ExitCode.Cancelled)
        {
            error.WriteLine("ocimg: cancelled.");
            return;
        }

        Exception shown = exception is AggregateException { InnerExceptions: [var inner, ..] } ? inner : exception;
        error.WriteLine(SafeText.OfLines(context.Redact($"ocimg: {shown.Message}")));
        if (GetPlace(shown) is string place && !shown.Message.Contains(place, StringComparison.Ordinal))
        {
            error.WriteLine(SafeText.OfLines(context.Redact($"  where: {place}")));
        }

        // A message that only wraps says too little without its cause.
        if (shown.InnerException is Exception cause && !shown.Message.Contains(cause.Message, StringComparison.Ordinal))
        {
            error.WriteLine(SafeText.OfLines(context.Redact($"  cause: {cause.Message}")));
        }

        if (GetAdvice(shown, exitCode) is string advice)
        {
            error.WriteLine($"  do: {advice}");
        }

        foreach (OciException failure in GetMirrorFailures(shown))
        {
            error.WriteLine(SafeText.OfLines(context.Redact($"  mirror: {failure.Message}")));
        }

        if (verbose)
        {
            if (shown is RegistryException { Transcript: { } transcript })
            {
                error.Write(SafeText.OfLines(context.Redact(transcript)));
            }

            error.WriteLine(SafeText.OfLines(context.Redact(exception.ToString())));
        }
    }

    private static IReadOnlyList<OciException> GetMirrorFailures(Exception exception) => exception switch
    {
        RegistryException registry => registry.MirrorFailures,
        ContentNotFoundException missing => missing.MirrorFailures,
        _ => [],
    };

    private static string? GetPlace(Exception exception) => exception switch
    {
        RegistryException registry => registry.RequestUri?.ToString(),
        LayerException layer => layer.EntryName,
        DocumentFormatException document => document.Path,
        ContentVerificationException content => content.Descriptor.Digest.ToString(),
        FileNotFoundException file => file.FileName,
        _ => null,
    };

    private static string? GetAdvice(Exception exception, int exitCode) => exitCode switch
    {
        ExitCode.Usage when exception is ConversionException { CanBeLeftOut: true } => "give --lossy to leave it out.",
        ExitCode.Usage when exception is ConversionException => null,
        ExitCode.Usage when exception is BundleException bundle => GetAdvice(bundle.Kind),
        ExitCode.Usage => "see 'ocimg COMMAND --help'.",
        ExitCode.NotAuthorized => "log in with 'ocimg login HOST', or give --creds or --authfile.",
        ExitCode.NotFound when exception is IOException => "check the path.",
        ExitCode.NotFound => "check the name; 'ocimg tags REPO' lists the tags of a repository, 'ocimg ls DIR -A' the names in a layout.",
        ExitCode.NotVerified => "do not use this content; fetch it again, or ask who provides it.",
        ExitCode.Failed when exception is DocumentFormatException => "mend the file; docs/hosts.md and docs/credentials.md have its format.",
        ExitCode.Failed when exception is RegistryException { IsTransient: true } => "try again later.",
        // An engine's message says what to do; a registry's advice would mislead.
        ExitCode.Failed when exception is EngineException => null,
        ExitCode.Failed when IsTlsFailure(exception) =>
            "give --plain-http when the registry speaks http; put its authority into certs.d/HOST/ca.crt (docs/hosts.md), or give --insecure.",
        ExitCode.Failed when IsConnectFailure(exception) => "check the registry's name and port, and the network.",
        _ => null,
    };

    private static string? GetAdvice(BundleErrorKind kind) => kind switch
    {
        BundleErrorKind.NoCommand => "give the command after '--'.",
        BundleErrorKind.UnknownUser or BundleErrorKind.InvalidUser or BundleErrorKind.UnreadableUsers =>
            "give --user UID:GID.",
        BundleErrorKind.UnmappedUser => "give --user 0, who is you in a rootless container.",
        BundleErrorKind.InvalidWorkingDirectory => "give --workdir DIR.",
        BundleErrorKind.InvalidVolume => "give --volumes none.",
        BundleErrorKind.UnsupportedPlatform => "give --platform linux/ARCH.",
        _ => null,
    };

    private static bool IsTlsFailure(Exception exception) => HasCause(exception, cause =>
        cause is System.Security.Authentication.AuthenticationException or
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError });

    private static bool IsConnectFailure(Exception exception) => HasCause(exception, cause => cause is SocketException);

    private static bool HasCause(Exception exception, Func<Exception, bool> isCause)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (isCause(cause))
            {
                return true;
            }
        }

        return false;
    }
}
