namespace OciImage.Cli;

/// <summary>Provides the exit codes of the command; scripts rely on them (docs/ocimg.md, "Exit codes").</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotVerified = 3;
    public const int NotFound = 4;
    public const int NotAuthorized = 5;
    public const int Differs = 6;
    public const int PartlyDone = 7;
    public const int NotTrusted = 8;
    public const int Cancelled = 130;
}
