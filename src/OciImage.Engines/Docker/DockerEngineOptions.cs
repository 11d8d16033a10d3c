namespace OciImage.Engines;

/// <summary>Provides options for speaking to a Docker Engine.</summary>
public sealed class DockerEngineOptions
{
    /// <summary>The path of Docker's socket where nothing else is said.</summary>
    public const string DefaultAddress = "/var/run/docker.sock";

    /// <summary>The variable that names the socket.</summary>
    public const string AddressVariable = "DOCKER_HOST";

    /// <summary>Gets or sets the Unix socket: a path, with or without <c>unix://</c>.</summary>
    /// <value>The default value is <c>/var/run/docker.sock</c>.</value>
    /// <exception cref="ArgumentException">The value is no address of a Unix socket; <c>tcp://</c> and <c>ssh://</c> are not supported.</exception>
    public string Address
    {
        get;
        set => field = EngineSocket.ParsePath(value, "Docker");
    } = DefaultAddress;

    /// <summary>Gets or sets how long connecting, with the first answer, may take.</summary>
    /// <value>The default value is ten seconds.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than a day.</exception>
    public TimeSpan ConnectTimeout
    {
        get;
        set => field = EngineTimeout.Check(value);
    } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long one answer, or the next part of a longer one, may take.</summary>
    /// <value>The default value is one minute.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than a day.</exception>
    public TimeSpan Timeout
    {
        get;
        set => field = EngineTimeout.Check(value);
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets how long Docker may work on an image in silence: when it unpacks what was loaded, and before it gives one.</summary>
    /// <value>The default value is 15 minutes.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative, or longer than a day.</exception>
    public TimeSpan WorkTimeout
    {
        get;
        set => field = EngineTimeout.Check(value);
    } = TimeSpan.FromMinutes(15);

    /// <summary>Gets or sets the limits that hold for manifests and indexes.</summary>
    /// <value>The default value has the defaults of <see cref="DocumentOptions"/>.</value>
    public DocumentOptions Documents
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    /// <summary>Gets or sets the clock.</summary>
    /// <value>The default value is the system's clock.</value>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    /// <summary>Makes options of the variable <c>DOCKER_HOST</c>.</summary>
    /// <param name="getVariable">Gets a variable; those of this process by default.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException">The variable's value is no address of a Unix socket.</exception>
    public static DockerEngineOptions FromEnvironment(Func<string, string?>? getVariable = null)
    {
        var options = new DockerEngineOptions();
        if ((getVariable ?? Environment.GetEnvironmentVariable)(AddressVariable) is { Length: > 0 } address)
        {
            options.Address = address;
        }

        return options;
    }

    internal DockerEngineOptions Clone() => (DockerEngineOptions)MemberwiseClone();
}
