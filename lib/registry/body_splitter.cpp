// SPDX-License-Identifier: Apache-2.0
#include "registry/body_splitter.hpp"

#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

constexpr std::size_t error_body_limit = 64 * 1024;

/// Gives wanted bodies to a taker and keeps the others as text.
class Splitter final : public http::ResponseTaker {
public:
  struct TooLarge {};

  Splitter(http::ResponseTaker* taker, std::size_t limit) : taker_(taker), limit_(limit) {}

  bool head(const http::ResponseHead& head) override {
    answer = head;
    const bool good = head.status == 200 || head.status == 206;
    streamed_ = taker_ != nullptr && good;
    if (streamed_) return taker_->head(head);
    // Distribution says 416 with the length of the blob and a short body, which never ends (P9.1).
    if (taker_ != nullptr && head.status == 416) return false;
    is_document = limit_ > 0 && head.status < 300;
    if (!is_document) limit_ = error_body_limit;
    const auto length = head.headers.find("content-length");
    std::uint64_t size = 0;
    const bool known = length && support::parse_number(*length, UINT64_MAX, size);
    if (is_document && known && size > limit_) throw TooLarge();
    return true;
  }
  void body(support::Bytes bytes) override {
    if (streamed_) return taker_->body(bytes);
    text.append(support::as_text(bytes), 0, limit_ - text.size() + 1);
    if (text.size() > limit_) throw TooLarge();
  }

  std::string text;
  http::ResponseHead answer;
  bool is_document = false;

private:
  http::ResponseTaker* taker_;
  std::size_t limit_;
  bool streamed_ = false;
};

}  // namespace

http::Client::TextAnswer send_split(http::Client& client, const http::Request& request,
                                    http::ResponseTaker* taker, std::size_t limit,
                                    const std::stop_token& stop) {
  Splitter splitter(taker, limit);
  try {
    http::Outcome outcome = client.send(request, splitter, stop);
    return {std::move(outcome), std::move(splitter.text)};
  } catch (const Splitter::TooLarge&) {
    http::Outcome out{.head = splitter.answer};
    if (splitter.is_document) {
      out.failure = http::Failure{.kind = http::Failure::Kind::body_too_large,
                                  .text = "the answer is larger than any such document"};
    }
    return {std::move(out), std::move(splitter.text)};
  }
}

}  // namespace ocibuild::registry
