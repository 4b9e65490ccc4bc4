package FakeGemini::Errors;

# The error bodies of the Gemini API, literally, by a name for each.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(o pretty line);

our @EXPORT_OK = qw(error_answer error_names error_body error_event);

use constant {
    TYPE    => 'type.googleapis.com/google.rpc.',
    SERVICE => 'generativelanguage.googleapis.com',
};

my $exceeded = 'You exceeded your current quota, please check your plan and '
    . 'billing details. For more information on this error, head to: '
    . 'https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your '
    . 'current usage, head to: https://ai.dev/rate-limit. ';

my $depleted = 'Your prepayment credits are depleted. Please go to AI Studio '
    . 'at https://ai.studio/projects to manage your project and billing. '
    . 'Learn more at https://ai.google.dev/gemini-api/docs/billing#prepay. ';

my %status_of = (
    400 => 'INVALID_ARGUMENT',
    401 => 'UNAUTHENTICATED',
    402 => 'RESOURCE_EXHAUSTED',
    403 => 'PERMISSION_DENIED',
    404 => 'NOT_FOUND',
    409 => 'ABORTED',
    429 => 'RESOURCE_EXHAUSTED',
    499 => 'CANCELLED',
    500 => 'INTERNAL',
    501 => 'UNIMPLEMENTED',
    503 => 'UNAVAILABLE',
    504 => 'DEADLINE_EXCEEDED',
);

# name => [code, message, status or undef, sub of details]; {word} is replaced
# by what is known of the request
my %plain = (
    terse429       => [429, 'Resource has been exhausted (e.g. check quota).'],
    again429       => [429, 'Resource exhausted. Please try again later.'],
    nodetails429   => [429, $exceeded],
    help_only      => [429, $exceeded, undef, \&help],
    prepaid402     => [402, $depleted],
    prepaid429     => [429, $depleted],
    cap429         => [429, 'Your project has exceeded its monthly spending '
        . 'cap. Please go to AI Studio at https://ai.studio/spend to manage '
        . 'your project spend cap.'],
    spend429       => [429, 'You exceeded your spend-based rate limit. Your '
        . "spending rate has exceeded the allowed limit for your account's "
        . 'billing history and tier.'],

    key_invalid    => [400, 'API key not valid. Please pass a valid API key.',
        undef, reason('API_KEY_INVALID', localized => 1)],
    key_expired    => [400, 'API key expired. Please renew the API key.',
        undef, reason('API_KEY_INVALID', localized => 1)],
    key_notfound   => [400, 'API Key not found. Please pass a valid API key.',
        undef, reason('API_KEY_INVALID', localized => 1)],
    key_invalid_openai => [400, 'Please pass a valid API key'],
    multiple_credentials => [400, 'Multiple authentication credentials '
        . 'received. Please pass only one.'],
    no_bearer      => [400, 'Missing or invalid Authorization header.'],
    location       => [400, 'User location is not supported for the API use.',
        'FAILED_PRECONDITION'],
    billing        => [400, 'Gemini API free tier is not available in your '
        . 'country. Please enable billing on your project in Google AI '
        . 'Studio.', 'FAILED_PRECONDITION'],
    bad_request    => [400, 'Invalid JSON payload received. Unknown name '
        . '"contentz": Cannot find field.', undef, \&bad_field],
    bad_json       => [400, 'Invalid JSON payload received. Unexpected '
        . 'token.'],
    too_many_tokens => [400, 'The input token count (1200000) exceeds the '
        . 'maximum number of tokens allowed (1048576).'],
    signature      => [400, 'Corrupted thought signature.'],
    signature_missing => [400, 'Function call is missing a thought_signature '
        . 'in functionCall parts. This is required for tools to work '
        . 'correctly.'],
    signature_model => [400, 'Thought signature is not valid.'],
    token400       => [400, 'The continuation token is not valid for this '
        . 'request.'],
    page400        => [400, 'Page token is invalid.'],
    bad_name       => [400, 'Invalid resource name.'],
    bad_ttl        => [400, 'ttl or expireTime is invalid.'],
    no_model       => [400, 'CreateCachedContentRequest.model: model is '
        . 'required'],
    cache_model    => [400, 'Model used by GenerateContent request '
        . '({path_model}) and CachedContent ({body_model}) has to be the '
        . 'same.'],
    cache_tools    => [400, 'CachedContent can not be used with '
        . 'GenerateContent request setting system_instruction, tools or '
        . 'tool_config.'],
    file_inactive  => [400, 'The File {file} is not in an ACTIVE state and '
        . 'usage is not allowed.', 'FAILED_PRECONDITION'],
    not_generated  => [400, 'Only files that were generated can be '
        . 'downloaded.'],
    not_empty      => [400, 'Cannot delete non-empty FileSearchStore.',
        'FAILED_PRECONDITION'],
    model_or_agent => [400, 'Exactly one of model and agent is required.'],
    no_input       => [400, 'input is required.'],
    not_stored     => [400, 'store: false excludes background and '
        . 'previous_interaction_id.'],
    not_running    => [400, 'The interaction is not running in the '
        . 'background.', 'FAILED_PRECONDITION'],
    cache_small    => [400, 'Cached content is too small. total_token_count='
        . '512, min_total_token_count=1024'],
    feature        => [400, 'Thinking level MINIMAL is not supported by this '
        . 'model. Please retry with other thinking level.'],
    batch_model    => [400, 'Model in the request {body_model} must be the '
        . 'same as the model in the path {path_model}.'],

    token_type401  => [401, 'Request had invalid authentication credentials. '
        . 'Expected OAuth 2 access token, login cookie or other valid '
        . 'authentication credential. See https://developers.google.com/'
        . 'identity/sign-in/web/devconsole-project.', undef,
        reason('ACCESS_TOKEN_TYPE_UNSUPPORTED',
               metadata => [method => 'google.ai.generativelanguage.v1beta.'
                   . 'GenerativeService.GenerateContent'])],
    service_disabled => [403, 'Generative Language API has not been used in '
        . 'project {number} before or it is disabled. Enable it by visiting '
        . 'https://console.developers.google.com/apis/api/'
        . 'generativelanguage.googleapis.com/overview?project={number} then '
        . 'retry. If you enabled this API recently, wait a few minutes for '
        . 'the action to propagate to our systems and retry.', undef,
        reason('SERVICE_DISABLED', consumer => 1)],
    suspended403   => [403, "Permission denied: Consumer 'api_key:{key}' has "
        . 'been suspended.', undef,
        reason('CONSUMER_SUSPENDED', consumer => 1, container => 1)],
    leaked         => [403, 'Your API key was reported as leaked. Please use '
        . 'another API key.'],
    denied         => [403, 'Your project has been denied access. Please '
        . 'contact support.'],
    method_blocked => [403, 'Requests to this API '
        . 'generativelanguage.googleapis.com method google.ai.'
        . 'generativelanguage.v1beta.GenerativeService.GenerateContent are '
        . 'blocked.', undef, reason('API_KEY_SERVICE_BLOCKED',
                                    consumer => 1)],
    referrer_blocked => [403, 'Requests from referer <empty> are blocked.',
        undef, reason('API_KEY_HTTP_REFERRER_BLOCKED', consumer => 1)],
    ip_blocked     => [403, 'The provided API key has an IP address '
        . 'restriction. The originating IP address of the call (192.0.2.7) '
        . 'violates this restriction.', undef,
        reason('API_KEY_IP_ADDRESS_BLOCKED', consumer => 1)],
    android_blocked => [403, 'Requests from this Android client application '
        . '<empty> are blocked.', undef,
        reason('API_KEY_ANDROID_APP_BLOCKED', consumer => 1)],
    ios_blocked    => [403, 'Requests from this iOS client application '
        . '<empty> are blocked.', undef,
        reason('API_KEY_IOS_APP_BLOCKED', consumer => 1)],
    consumer_invalid => [403, 'Project not found or deleted.', undef,
        reason('CONSUMER_INVALID', consumer => 1)],
    unregistered   => [403, "Method doesn't allow unregistered callers "
        . '(callers without established identity). Please use API Key or '
        . 'other form of API consumer identity to call this API.'],
    permission     => [403, 'The caller does not have permission'],
    file403        => [403, 'You do not have permission to access the File '
        . '{file} or it may not exist.'],
    cache403       => [403, 'CachedContent not found (or permission denied)'],

    model404       => [404, 'models/{model} is not found for API version '
        . '{version}, or is not supported for {verb}. Call ListModels to see '
        . 'the list of available models and their supported methods.'],
    closed404      => [404, 'This model models/{model} is no longer available '
        . 'to new users. Please update your code to use a newer model for '
        . 'the latest features and improvements.'],
    operation404   => [404, 'Requested entity was not found.'],
    interaction404 => [404, 'Interaction {file} was not found.'],
    aborted409     => [409, 'The operation was aborted.'],
    exists409      => [409, 'Requested entity already exists',
        'ALREADY_EXISTS'],
    cancelled499   => [499, 'The operation was cancelled.'],
    internal500    => [500, 'An internal error has occurred. Please retry or '
        . 'report in https://developers.generativeai.google/guide/'
        . 'troubleshooting'],
    unimplemented501 => [501, 'Operation is not implemented, or supported, or '
        . 'enabled.'],
    overloaded503  => [503, 'The model is overloaded. Please try again '
        . 'later.'],
    demand503      => [503, 'This model is currently experiencing high '
        . 'demand. Spikes in demand are usually temporary. Please try again '
        . 'later.'],
    unavailable503 => [503, 'The service is currently unavailable.'],
    deadline503    => [503, 'Deadline expired before operation could '
        . 'complete.'],
    deadline504    => [504, 'The request timed out. Please try again.'],
);

# the codes of the Interactions API
my %code_of = (
    400 => 'invalid_request',
    401 => 'authentication',
    402 => 'payment_required',
    403 => 'permission_denied',
    404 => 'not_found',
    409 => 'aborted',
    429 => 'too_many_requests',
    499 => 'cancelled',
    500 => 'api_error',
    501 => 'unimplemented',
    503 => 'service_unavailable',
    504 => 'deadline_exceeded',
);

# quota errors: [metric, quotaId, limit, retry]
my $requests = 'generate_content_free_tier_requests';
my $tokens = 'generate_content_free_tier_input_token_count';

my %quota = (
    full429_day    => [$requests,
        'GenerateRequestsPerDayPerProjectPerModel-FreeTier', 20, '58s'],
    full429_minute => [$requests,
        'GenerateRequestsPerMinutePerProjectPerModel-FreeTier', 10, '34s'],
    tokens429      => [$tokens,
        'GenerateContentInputTokensPerModelPerMinute-FreeTier', 250000,
        '21s'],
    tokens_day429  => [$tokens,
        'GenerateContentInputTokensPerModelPerDay-FreeTier', 1000000, '40s'],
    limit0         => [$requests,
        'GenerateRequestsPerDayPerProjectPerModel-FreeTier', 0, '45s'],
    paid_minute429 => ['generate_requests_per_model',
        'GenerateRequestsPerMinutePerProjectPerModel', 1000, '12s'],
    paid_day429    => ['generate_requests_per_model_per_day',
        'GenerateRequestsPerDayPerProjectPerModel', 10000, '51s'],
    paid_tokens429 => ['generate_content_paid_tier_2_input_token_count',
        'GenerateContentPaidTierInputTokensPerModelPerMinute-PaidTier2',
        3000000, '17s'],
);

# pages of the front end: [status, body]
my %page = (
    empty404 => [404, ''],
    html404  => [404, html(404, 'Not Found',
        'The requested URL was not found on this server.')],
    html413  => [413, html(413, 'Request Entity Too Large',
        'Your client issued a request that was too large.')],
    html502  => [502, html(502, 'Server Error', 'The server encountered a '
        . 'temporary error and could not complete your request.<p>Please try '
        . 'again in 30 seconds.')],
);


sub error_names () {
    return sort keys %plain, keys %quota, keys %page, 'older_errorinfo',
        'both429';
}


# status, content type, body in the surface's shape
sub error_answer ($name, $req, $opt = {}) {
    if (my $page = $page{$name}) {
        my $type = $page->[1] eq '' ? undef : 'text/html; charset=UTF-8';
        return ($page->[0], $type, $page->[1]);
    }

    if ($name eq 'key_invalid' && $req->{surface} eq 'openai') {
        $name = 'key_invalid_openai';
    }

    my $error = error_body($name, $req, $opt) or return;
    my $status = $error->[1];

    $error = interaction_error($name, $error) if has_codes($req, $opt);

    my $body = o(error => $error);
    $body = [$body] if $req->{array_errors};

    return ($status, 'application/json; charset=UTF-8',
            pretty($body) . "\n");
}


sub error_event ($name, $req, $opt, $form) {
    my $error = error_body($name, $req, $opt) or return;

    return 'event: error' . "\ndata: " . line(o(event_type => 'error',
            error => interaction_error($name, $error))) . "\n\n"
        if has_codes($req, $opt) && $form ne 'bare';

    return pretty(o(error => $error)) . "\n" if $form eq 'bare';
    return 'data: ' . line(o(error => $error))
        . ($req->{surface} eq 'openai' ? "\n\n" : "\r\n\r\n");
}


# the Interactions API says less, if it does not speak as the others do
sub has_codes ($req, $opt) {
    return $req->{surface} eq 'interactions' && !$opt->{classic};
}


sub interaction_error ($name, $error) {
    my %member = @$error;
    my $code = $code_of{$member{code}} // 'api_error';

    if ($member{code} == 429 && $member{details}) {
        $code = line($member{details}) =~ /PerDay/ ? 'quota_exceeded'
                                                   : 'rate_limit_exceeded';
    } elsif ($name =~ /^(?:model|closed)404$/) {
        $code = 'model_not_found';

    } elsif ($member{status} =~ /^(?:ALREADY_EXISTS|FAILED_PRECONDITION)$/) {
        $code = lc $member{status};
    }

    return o(code => $code, message => $member{message});
}


sub error_body ($name, $req, $opt = {}) {
    return older_errorinfo($req, $opt) if $name eq 'older_errorinfo';
    return quota_error([@quota{qw(full429_minute full429_day)}], $req, $opt)
        if $name eq 'both429';
    return quota_error([$quota{$name}], $req, $opt) if $quota{$name};

    my $spec = $plain{$name} or return;
    my ($code, $message, $status, $details) = @$spec;

    return o(code    => $opt->{code} // $code,
             message => fill($opt->{message} // $message, $req, $opt),
             status  => $opt->{grpc_status} // $status // $status_of{$code},
             $details ? (details => $details->($req, $opt)) : ());
}


sub fill ($text, $req, $opt = {}) {
    my $openai = $req->{surface} eq 'openai';
    my %word = (
        key     => $req->{key} // '',
        number  => $req->{number} // '100000000000',
        model   => $req->{model} // 'unknown',
        version => $openai ? 'v1main' : $req->{version} // 'v1beta',
        verb    => $openai || !defined $req->{verb} ? 'generateContent'
            : $req->{verb},
        file    => $opt->{file} // 'abc-123',
        body_model => $opt->{body_model} // '',
        path_model => $opt->{path_model} // '',
    );

    return $text =~ s/\{(\w+)\}/$word{$1} \/\/ "{$1}"/ger;
}


sub quota_error ($specs, $req, $opt) {
    my $model = $opt->{quota_model} // $req->{model} // 'unknown';
    my ($lines, $retry, @violations) = ('', undef);

    for my $spec (@$specs) {
        my ($metric, $id, $limit, $delay) = @$spec;

        $limit = $opt->{limit} // $limit;
        $retry //= $opt->{retry} // $delay;
        $id = $opt->{quota_id} if defined $opt->{quota_id};

        $lines .= "\n* Quota exceeded for metric: @{[SERVICE]}/$metric, "
            . "limit: $limit, model: $model";

        push @violations,
            o(quotaMetric     => SERVICE . "/$metric",
              quotaId         => $id,
              quotaDimensions => o(location => 'global', model => $model),
              $limit ? (quotaValue => "$limit") : ());
    }

    my $exact = $opt->{retry_text} // $retry =~ s/^(\d+)s$/$1.821668433s/r;

    my @details = (
        help()->[0],
        o('@type' => TYPE . 'QuotaFailure', violations => \@violations),
        o('@type' => TYPE . 'RetryInfo', retryDelay => $retry),
    );
    @details = @details[1, 0, 2] if $opt->{old_order};
    pop @details if $opt->{no_retry};

    return o(code    => 429,
             message => "$exceeded$lines"
                 . ($opt->{no_retry} ? '' : "\nPlease retry in $exact."),
             status  => 'RESOURCE_EXHAUSTED',
             details => \@details);
}


sub older_errorinfo ($req, $opt) {
    my $limit = $opt->{limit} // 10;
    my $number = $req->{number} // '100000000000';

    my $metadata = o(
        service           => SERVICE,
        consumer          => "projects/$number",
        quota_metric      => SERVICE . '/generate_content_requests',
        quota_limit       => $opt->{quota_id}
            // 'GenerateRequestsPerMinutePerProjectPerModel',
        quota_limit_value => "$limit",
        quota_location    => 'us-west2');

    return o(code    => 429,
             message => "Quota exceeded for quota metric 'Generate Content "
                 . "API requests per minute' and limit 'GenerateContent "
                 . "request limit per minute for a region' of service "
                 . "'" . SERVICE . "' for consumer 'project_number:$number'.",
             status  => 'RESOURCE_EXHAUSTED',
             details => [o('@type'  => TYPE . 'ErrorInfo',
                           reason   => 'RATE_LIMIT_EXCEEDED',
                           domain   => 'googleapis.com',
                           metadata => $metadata)]);
}


sub help ($req = undef, $opt = undef) {
    return [o('@type' => TYPE . 'Help',
              links   => [o(description => 'Learn more about Gemini API '
                                . 'quotas',
                            url => 'https://ai.google.dev/gemini-api/docs/'
                                . 'rate-limits')])];
}


sub bad_field ($req, $opt) {
    return [o('@type' => TYPE . 'BadRequest',
              fieldViolations => [o(description => 'Invalid JSON payload '
                  . 'received. Unknown name "contentz": Cannot find field.')])];
}


# details with an ErrorInfo
sub reason ($reason, %opt) {
    return sub ($req, $o) {
        my $number = $req->{number} // '100000000000';
        my @metadata = (service => SERVICE, @{$opt{metadata} // []});

        push @metadata, consumer => "projects/$number" if $opt{consumer};
        push @metadata, containerInfo => 'api_key:' . ($req->{key} // '')
            if $opt{container};

        my @details = (o('@type'  => TYPE . 'ErrorInfo',
                         reason   => $reason,
                         domain   => 'googleapis.com',
                         metadata => o(@metadata)));

        push @details, o('@type' => TYPE . 'LocalizedMessage',
                         locale  => 'en-US',
                         message => 'API key not valid. Please pass a valid '
                             . 'API key.')
            if $opt{localized};

        return \@details;
    };
}


sub html ($code, $title, $text) {
    return "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n"
        . "  <title>Error $code ($title)!!1</title>\n"
        . "  <p><b>$code.</b> <ins>That\x{2019}s an error.</ins>\n"
        =~ s/\x{2019}/\xe2\x80\x99/r
        . "  <p>$text  <ins>That is all we know.</ins>\n";
}


1;
